"""Brings existing images in: finds them in the layouts of before, and takes each through the ordinary path into the
log.

A source is linked or copied and never changed; a file that is its own final path is replaced by its own bytes.
Interrupted, it goes on where it stopped: the mark `logs/adopting` keeps a service from starting in between. Limits stop
nothing here; who is over them is reported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from adapters.clock import Clock
from adapters.eventlog.files import Files
from adapters.faults import StorageUnavailable
from adapters.storage.image_check import CheckedImage, InvalidImage, check_image, contradiction
from adapters.storage.intake import is_foreign
from adapters.storage.opening import OpenRoot, adoption_mark
from adapters.storage.wording import sentence_of
from domain.commands import AdoptImage
from domain.names import malformed_name, malformed_user, name_key
from domain.refusals import Refusal

LAYOUTS = ("images/users", "users")
"""Where the folders of users lie below a directory, in the layouts of before."""
MAX_DEPTH = 2
"""Folder and file below a user's own folder."""

Progress = Callable[[int, int], None]


class Found(NamedTuple):
    """A file to adopt: whose it is, the name it will have, where it is now."""

    user: str
    name: str
    source: Path
    size_bytes: int


class Skipped(NamedTuple):
    """A file that is left alone, and why."""

    source: Path
    reason: str


class Plan(NamedTuple):
    """What an adoption would do."""

    root: Path
    directory: Path
    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]


class Adopted(NamedTuple):
    """What an adoption did. `over` names users above their storage limit, with used and allowed bytes."""

    adopted: int
    adopted_bytes: int
    already: int
    skipped: tuple[Skipped, ...]
    over: tuple[tuple[str, int, int], ...]
    pool_over: bool


def plan(root: Path, directory: Path) -> Plan:
    """Looks for images below `directory`, and changes nothing. Raises StorageUnavailable where there is no such
    directory.
    """
    directory = directory.resolve()
    if not directory.is_dir():
        raise StorageUnavailable(
            f"There is no folder {directory}. Name the folder that holds `images/users` or `users`."
        )
    files: list[Found] = []
    skipped: list[Skipped] = []
    taken: dict[tuple[str, str], Path] = {}
    for source, user, name in _candidates(directory):
        if sentence := _unfit(source, user, name):
            skipped.append(Skipped(source, sentence))
        elif (other := taken.setdefault((user, name_key(name)), source)) != source:
            skipped.append(Skipped(source, f"{other} has the same name, but for its case. Rename one of them."))
        else:
            files.append(Found(user, name, source, source.stat().st_size))
    files.sort(key=lambda found: found.source.stat().st_mtime)
    return Plan(root.resolve(), directory, tuple(files), tuple(skipped))


def adopt(
    planned: Plan, *, clock: Clock, max_image_bytes: int, progress: Progress, files: Files | None = None
) -> Adopted:
    """Carries a plan out, the oldest file first; `progress` hears how many of how many are done. Raises Faults."""
    files = files or Files()
    opened = OpenRoot(planned.root, clock=clock, files=files, adopting=True)
    mark = adoption_mark(planned.root)
    skipped = list(planned.skipped)
    adopted = adopted_bytes = already = 0
    try:
        if not files.lexists(mark):
            files.write_durably(mark, f"{planned.directory}\n".encode())
            files.sync_directory(mark.parent)
        for done, found in enumerate(planned.files):
            progress(done, len(planned.files))
            outcome = _adopt_one(opened, found, files, max_image_bytes)
            if outcome is None:
                already += 1
            elif isinstance(outcome, str):
                skipped.append(Skipped(found.source, outcome))
            else:
                adopted, adopted_bytes = adopted + 1, adopted_bytes + outcome
        progress(len(planned.files), len(planned.files))
        files.unlink(mark)
        files.sync_directory(mark.parent)
        over, pool_over = _over_limits(opened, clock())
    finally:
        opened.close()
    return Adopted(adopted, adopted_bytes, already, tuple(skipped), over, pool_over)


def _candidates(directory: Path) -> Iterator[tuple[Path, str, str]]:
    """Every file below a user's folder, with the user and the name it would have."""
    for layout in LAYOUTS:
        homes = directory / layout
        for home in sorted(homes.iterdir()) if homes.is_dir() else ():
            if not home.is_dir() or home.is_symlink():
                continue
            for source in sorted(home.rglob("*")):
                parts = source.relative_to(home).parts
                if source.is_file() and not any(part.startswith(".") for part in parts):
                    yield source, home.name, "/".join(parts)


def _unfit(source: Path, user: str, name: str) -> str | None:
    if source.is_symlink():
        return "It is a symbolic link. Put the file itself in its place."
    if name.count("/") >= MAX_DEPTH:
        return "It lies in a folder of a folder. Move it one up."
    return malformed_user(user) or malformed_name(name)


def _adopt_one(opened: OpenRoot, found: Found, files: Files, max_image_bytes: int) -> int | str | None:
    """The bytes adopted, None where that was done before, or the sentence why it cannot be."""
    data = found.source.read_bytes()
    view, reconciler = opened.ledger.book, opened.reconciler
    final = reconciler.layout.final(found.user, found.name, temp=False)
    standing = view.standing(found.user, name_key(found.name), temp=False)
    if standing is not None:
        same = standing.bytes == len(data) and files.lexists(final) and files.read(final) == data
        return None if same else f"An image named {standing.name} of {found.user} stands already, with other content."
    checked = _check(found, data, max_image_bytes)
    if isinstance(checked, str):
        return checked
    own = files.is_same_file(found.source, final)
    foreign = not own and is_foreign(found.user, found.name, temp=False, view=view, reconciler=reconciler)
    staged = uuid4().hex
    if own:
        reconciler.stage(staged, data, None)  # renaming a link onto its own file would leave both
    else:
        _link_or_stage(opened, found.source, data, staged, files)
    command = AdoptImage(
        found.user,
        "cli",
        found.name,
        len(data),
        sha256(data).hexdigest(),
        checked.media_type,
        checked.width,
        checked.height,
        staged,
        foreign=foreign,
    )
    outcome = opened.ledger.execute(command)
    if isinstance(outcome, Refusal):
        reconciler.discard(staged)
        return sentence_of(outcome)
    reconciler.reconcile(found.user, found.name, temp=False)
    return len(data)


def _check(found: Found, data: bytes, max_image_bytes: int) -> CheckedImage | str:
    try:
        checked = check_image(data, max_bytes=max_image_bytes)
    except InvalidImage as fault:
        return str(fault)
    return contradiction(found.name, checked.media_type) or checked


def _link_or_stage(opened: OpenRoot, source: Path, data: bytes, staged: str, files: Files) -> None:
    """Links the source into the staging folder where the disk can do that, else copies it."""
    target = opened.reconciler.layout.staged(staged)
    files.make_directories(target.parent)
    try:
        os.link(source, target)
    except OSError:
        opened.reconciler.stage(staged, data, None)
    else:
        files.sync_directory(target.parent)


def _over_limits(opened: OpenRoot, at: str) -> tuple[tuple[tuple[str, int, int], ...], bool]:
    book = opened.ledger.book
    over = []
    for user in book.users.users():
        used, limit = book.user(user).image_bytes, book.limits_of(user, at).user_bytes
        if used > limit:
            over.append((user, used, limit))
    return tuple(over), book.pool.used_bytes > book.policy.pool_bytes
