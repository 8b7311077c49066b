"""Brings existing images into the log: each takes the ordinary path of a save, without a generation and whatever the
limits say.

A source is read, and never changed: its bytes are copied, because a link would share them with a program that may go on
writing there. A file that is at its final path already stays as it is and where it is; only the log learns of it. One
file is held in memory at a time.

The mark `logs/adopting` names the directory from before the first file until after the last, and keeps everybody else
from opening the root. An adoption that was interrupted is begun again from the start: what stands with the same bytes
is passed over, so nothing is recorded twice. A rehearsal makes the same decisions against a draft that is thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from adapters.adoption.adoptable import CHANGED, Fit, Judge, stamp_of
from adapters.adoption.former_layouts import Found, Inventory, take_inventory, unreadable
from adapters.adoption.tally import Adoption, Tally
from adapters.application.adoption_mark import AdoptionMark, adopt_command
from adapters.application.opening import OpenRoot
from adapters.disk.files import APPEND, READ, Files
from adapters.disk.ways import resolved
from adapters.imagestore.local.layout import Layout
from adapters.ledger.codec import decode
from adapters.ledger.projector import Projector
from adapters.ports.clock import Clock
from adapters.ports.engines import Engines
from adapters.ports.faults import AdoptionUnfinished, Fault, LedgerStopped
from adapters.ports.image_store import ImageStore
from domain.commands import AdoptImage
from domain.decisions import StoredAnswer, decide
from domain.limits import Limits
from domain.names import name_key
from domain.refusals import Reason, Refusal

BY = "cli"
SYNC_ACCESS = APPEND if os.name == "nt" else READ
"""How a file is opened to be synced and nothing else: Windows syncs only what may be written."""

Progress = Callable[[int, int], None]
"""Hears how many of how many files are done."""
Admit = Callable[[Found, Fit], Refusal | str | None]


@dataclass(frozen=True)
class Plan:
    """What is to be adopted, from where, into which root."""

    root: Path
    directory: Path
    inventory: Inventory


@dataclass(frozen=True)
class Terms:
    """How it is done. `limits` are those that are told where the log has none yet."""

    clock: Clock
    max_image_bytes: int
    limits: Limits
    progress: Progress
    engines: Engines
    files: Files


def plan(root: Path, directory: Path, files: Files) -> Plan | str:
    """Looks for images below `directory` and changes nothing; a text says why there is nothing to plan.

    Raises AdoptionUnfinished where another directory is only half adopted.
    """
    root, directory = resolved(root), resolved(directory)
    mark = AdoptionMark(root, files)
    unfinished = mark.directory()
    if unfinished is not None and unfinished != directory:
        raise AdoptionUnfinished(
            f"Images are being adopted from {unfinished}, and that is not finished. "
            f"Finish it first, with `{adopt_command(root, unfinished)}`."
        )
    if not directory.is_dir():
        way_out = f" To go on without what is not adopted yet, delete {mark.path}." if unfinished else ""
        return f"There is no folder {directory}. Name the one that holds `images/users` or `users`.{way_out}"
    inventory = take_inventory(directory, files)
    if not inventory.homes and not inventory.skipped:
        return f"{directory} holds neither `images/users` nor `users`. Name the folder that holds one of them."
    return Plan(root, directory, inventory)


def dry_run(planned: Plan, terms: Terms) -> Adoption | Refusal:
    """What `adopt` would do, by reading every file; nothing is changed. Beside a running service too. Raises Faults."""
    layout = Layout(planned.root)
    images = terms.engines.images(planned.root)
    state = _read_log(planned.root, images, terms).state
    draft = state.draft()
    now = max(terms.clock(), state.last_at)
    rehearsed: dict[tuple[str, str], Path] = {}

    def path_of(user: str, name: str) -> Path:
        return rehearsed.get((user, name_key(name))) or _file_of(images, user, name)

    def admit(found: Found, fit: Fit) -> Refusal | None:
        decision = decide(_command(found, fit, uuid4().hex), draft, draft.policy, terms.clock())
        if isinstance(decision, Refusal):
            return decision
        assert not isinstance(decision, StoredAnswer), "a command without an idempotency key has no stored answer"
        for event in decision:
            draft.apply(draft.position + 1, event)
        rehearsed[found.user, name_key(found.name)] = found.source
        return None

    judge = Judge(
        view=draft,
        images=images,
        layout=layout,
        files=terms.files,
        max_image_bytes=terms.max_image_bytes,
        path_of=path_of,
    )
    tally = _go_through(planned.inventory, judge, admit, terms.progress)
    return tally if isinstance(tally, Refusal) else tally.result(draft, terms.limits, now)


def adopt(planned: Plan, terms: Terms) -> Adoption | Refusal:
    """Carries a plan out, or goes on with it. Refused where the clock stands wrong; the mark is taken away then.

    Raises Faults; LogLocked while another process holds the log.
    """
    mark = AdoptionMark(planned.root, terms.files)
    # Before a log is begun, so that nobody serves it without its images; a log that stands may be another's to hold.
    is_new = not terms.engines.log.exists(planned.root) and mark.set(planned.directory)
    try:
        opened = OpenRoot(planned.root, engines=terms.engines, clock=terms.clock, files=terms.files, adopting=True)
    except Fault:
        if is_new:
            mark.remove()
        raise
    try:
        mark.set(planned.directory)
        tally = _go_through(planned.inventory, _judge(opened, terms), _Admission(opened, terms.files), terms.progress)
        mark.remove()
        if isinstance(tally, Refusal):
            return tally
        return tally.result(opened.ledger.state, terms.limits, opened.ledger.now())
    finally:
        opened.close()


def _read_log(root: Path, images: ImageStore, terms: Terms) -> Projector:
    """What the log says now, if there is one. Raises Faults."""
    projector = Projector()
    if not terms.engines.log.exists(root):
        terms.engines.log.refuse_beside_remains(root, adopting=True)
        return projector
    with closing(terms.engines.log.open_for_reading(root, beyond_watermark=True)) as recorder:
        projector.catch_up(recorder)
        images.start_at(recorder.reconciled)
        for stored in recorder.read(after=recorder.reconciled):
            images.note([(stored.position, decode(stored))])
    return projector


def _judge(opened: OpenRoot, terms: Terms) -> Judge:
    images = opened.images
    return Judge(
        view=opened.ledger.state,
        images=images,
        layout=Layout(opened.root),
        files=terms.files,
        max_image_bytes=terms.max_image_bytes,
        path_of=lambda user, name: _file_of(images, user, name),
    )


def _go_through(inventory: Inventory, judge: Judge, admit: Admit, progress: Progress) -> Tally | Refusal:
    """Takes every file in turn; a refusal that is not about one file ends it."""
    tally = Tally(inventory.skipped)
    for done, found in enumerate(inventory.files):
        progress(done, len(inventory.files))
        if (refused := _take(found, judge, admit, tally)) is not None:
            return refused
    progress(len(inventory.files), len(inventory.files))
    return tally


def _take(found: Found, judge: Judge, admit: Admit, tally: Tally) -> Refusal | None:
    fit = judge.judge(found)
    if fit is None:
        tally.stood_already(found.user)
        return None
    refused = admit(found, fit) if isinstance(fit, Fit) else fit
    if isinstance(refused, str):
        tally.skip(found.source, refused)
    elif refused is None:
        assert isinstance(fit, Fit)
        tally.adopted(found.user, len(fit.data), copied=not fit.in_place)
    elif refused.reason is Reason.NAME_TAKEN:
        tally.skip(found.source, f"{found.name} of {found.user} is a folder and a file at once. Rename one of them.")
    else:
        return refused
    return None


class _Admission:
    """Takes one file that fits into the log and to its final path."""

    def __init__(self, opened: OpenRoot, files: Files) -> None:
        self._opened = opened
        self._files = files
        self._synced: set[Path] = set()

    def __call__(self, found: Found, fit: Fit) -> Refusal | str | None:
        images, staged = self._opened.images, uuid4().hex
        if fit.in_place:
            try:
                self._make_durable(Layout(self._opened.root).final(found.user, found.name, temp=False))
                if stamp_of(self._files, found.source) != fit.stamp:
                    return CHANGED
            except OSError as error:
                return unreadable(error)
        else:
            images.stage(staged, fit.data, None)
        try:
            outcome = self._opened.ledger.execute(_command(found, fit, staged))
        except LedgerStopped:
            raise  # the outcome is unknown, so the bytes may be needed at the next start
        except Exception:
            images.discard(staged)
            raise
        if isinstance(outcome, Refusal):
            images.discard(staged)
            return outcome
        images.reconcile(found.user, found.name, temp=False)
        return None

    def _make_durable(self, path: Path) -> None:
        """Nobody knows whether whoever put the file there ever synced it, or the folders above it."""
        fd = self._files.open(path, SYNC_ACCESS)
        try:
            self._files.sync_data(fd)
        finally:
            self._files.close(fd)
        for folder in path.parents:
            if folder == self._opened.root.parent or folder in self._synced:
                break
            self._files.sync_directory(folder)
            self._synced.add(folder)


def _command(found: Found, fit: Fit, staged: str) -> AdoptImage:
    image = fit.image
    return AdoptImage(
        user=found.user,
        by=BY,
        name=found.name,
        bytes=len(fit.data),
        sha256=fit.sha256,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        staged=staged,
    )


def _file_of(images: ImageStore, user: str, name: str) -> Path:
    path = images.path(user, name, temp=False)
    assert path is not None, "images are adopted into folders alone"
    return path
