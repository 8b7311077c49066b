"""Makes a storage root of a backup: what `abby restore` and `abby import` do.

The backup is read whole before anything is made: its list, every event of its log as a start would take it, the bytes
of every file. Only a root that is empty is taken, and while it is filled a mark keeps everybody else out. The log is
named last, and the mark goes when all was read back from where it lies now. Cut off, wherever, the same command goes
on.

An import is of what somebody else may have written: each picture is decoded, and no key is taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import NamedTuple

import orjson

from adapters.application.adoption_mark import RestoreMark
from adapters.application.other_things import OURS
from adapters.application.root_mark import SUFFIX
from adapters.archive.backup import read_contents, read_manifest
from adapters.archive.layout import ANOTHER_COPY, BackupPaths, Content, Manifest
from adapters.archive.settling import OnProgress, Standing
from adapters.archive.store import ContentStore, digest_of
from adapters.disk.errors import NotOwnError, not_done_there
from adapters.disk.files import Files, is_disk_full
from adapters.disk.litter import is_litter
from adapters.disk.own_root import why_not_ordinary
from adapters.images.check import check_image
from adapters.images.invalid_image import InvalidImage
from adapters.imagestore.local.layout import OWN_PREFIX, Layout
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.faults import GOES_ON, BackupDamaged, Fault, StorageUnavailable, TargetRefused, no_room_for
from projections.standing_files import StandingFile

IN_MAKING = f"{OWN_PREFIX}restored"
"""How a file is called until it is whole."""
MAX_MORE_BYTES = 1_073_741_824
"""What a run that was cut off may have left behind the log: some two million events. What is more is not read."""
ANY_BYTES = "application/octet-stream"
"""The type of what was saved as no image."""


@dataclass(frozen=True, slots=True)
class RestoreTerms:
    """With what a backup is restored. `max_image_bytes`: it is somebody else's, and no picture of it may be larger."""

    engine: EventLogEngine
    files: Files
    max_image_bytes: int | None = None
    progress: OnProgress = lambda _done, _total: None

    @property
    def is_ours(self) -> bool:
        """Whether the backup is believed to be of this storage."""
        return self.max_image_bytes is None


class Restored(NamedTuple):
    """What a root was made of, and whose bytes the backup did not have."""

    root: Path
    manifest: Manifest
    has_key: bool
    missing: tuple[StandingFile, ...]


def restore(folder: Path, root: Path, terms: RestoreTerms) -> Restored:
    """Fills an empty root, or goes on with one that was being filled from the same backup.

    Raises BackupDamaged and LogDamaged where the backup is not whole, TargetRefused where the root holds something,
    StorageUnavailable and DiskFull.
    """
    paths, root, files = BackupPaths.below(folder), root.resolve(), terms.files
    if paths.folder.is_relative_to(root) or root.is_relative_to(paths.folder):
        raise TargetRefused(f"The backup {paths.folder} and the root {root} lie in each other. Name another root.")
    files.confine(paths.folder, anew=False)
    files.confine(root, anew=False)
    try:
        manifest = read_manifest(paths, files)
        contents = read_contents(paths, manifest, files)
        _refuse_root(root, paths.contents(manifest.contents), files)
        backup = _Checked(paths, manifest, contents, terms)
        backup.check()
    except OSError as error:
        raise BackupDamaged(_unreadable(paths, error)) from error
    try:
        return _Restore(root, backup, terms).carry_out()
    except OSError as error:
        raise _unwritable(root, error) from error


def _refuse_root(root: Path, contents: Path, files: Files) -> None:
    """Raises TargetRefused unless a root is empty to a person, or was being filled from this very backup."""
    mark = RestoreMark(root, files)
    begun = mark.directory()
    if begun == contents:
        return
    if begun is not None:
        raise TargetRefused(
            f"Another backup, or this one as it was before it was renewed, is only half restored into {root}: "
            f"{begun}. Empty that folder, or restore into another one with --root."
        )
    try:
        for name in files.list_directory(root):
            below = files.list_directory(root / name) if name in OURS else [name]
            left = {mark.in_making.name} if name == mark.path.parent.name else set()  # by a run that was killed at once
            others = [other for other in below if not (is_litter(other) or other.endswith(SUFFIX) or other in left)]
            if others:
                raise TargetRefused(
                    f"The storage root {root} holds something already, such as {name}. A backup is restored into an "
                    "empty folder only, and nothing was changed. Name another one with --root, or move what is there "
                    "away first."
                )
    except NotADirectoryError:
        raise TargetRefused(f"{root} is no folder. Name another root with --root.") from None


def _refuse_odd_log(paths: BackupPaths, manifest: Manifest, files: Files) -> None:
    """Raises BackupDamaged where something in the folders of the log is none of a backup's, before any of it is read;
    OSError.
    """
    folders = (paths.log_root, paths.log_root / "logs")
    for folder in folders:
        if not S_ISDIR(files.lstat(folder).st_mode):
            raise BackupDamaged(f"{folder} is no folder, or a link to one. {ANOTHER_COPY}")
    for path in (folders[1] / name for name in files.list_directory(folders[1])):
        found = files.lstat(path)
        if (why := why_not_ordinary(found)) is not None:
            raise BackupDamaged(f"{path} {why} It was left alone, and no backup has that there. {ANOTHER_COPY}")
        if found.st_size > manifest.log_bytes + MAX_MORE_BYTES:
            raise BackupDamaged(
                f"{path} has {found.st_size:,} bytes, and the log that was backed up has {manifest.log_bytes:,}. "
                "Nothing was made. What a run that was cut off may have left behind them is not needed: "
                f"`truncate -s {manifest.log_bytes} FILE` on a copy of the backup takes it off."
            )


class _Checked:
    """A backup that is read whole, so that nothing is made of one that is not."""

    def __init__(
        self, paths: BackupPaths, manifest: Manifest, contents: dict[int, Content], terms: RestoreTerms
    ) -> None:
        self.paths = paths
        self.manifest = manifest
        self.store = ContentStore(paths, terms.files)
        self.stood: Sequence[StandingFile] = ()
        self.missing: tuple[StandingFile, ...] = ()
        self._contents = contents
        self._terms = terms
        self._projector = Projector()
        self._standing = Standing()

    def check(self) -> None:
        """Reads it. Raises BackupDamaged, LogDamaged and the like, OSError."""
        engine, manifest = self._terms.engine, self.manifest
        _refuse_odd_log(self.paths, manifest, self._terms.files)
        with collecting_no_garbage():
            report = engine.verify(self.paths.log_root, on_event=self._take)
        engine.refuse_damage(self.paths.log_root, report.damage)
        is_another = report.log_id != manifest.log_id or report.positions < manifest.position
        if is_another or (report.positions == manifest.position and report.digest != manifest.digest):
            raise BackupDamaged(f"The log in {self.paths.folder} is not the one that was backed up. {ANOTHER_COPY}")
        self.stood = list(self._standing.files)
        if {file.position for file in self.stood} != set(self._contents):
            raise BackupDamaged(f"The list of files in {self.paths.folder} is not that of its log. {ANOTHER_COPY}")
        self.missing = tuple(file for file in self.stood if self._contents[file.position].is_missing)
        for done, file in enumerate(self.stood):
            self._terms.progress(done, len(self.stood))
            self._refuse_details(file)
            if not self._contents[file.position].is_missing:
                self._refuse_bytes(file)
        self._terms.progress(len(self.stood), len(self.stood))

    def details(self, file: StandingFile) -> bytes | None:
        """How an image was made, as it is to be stored."""
        details = self._contents[file.position].details
        return None if details is None else details.encode()

    def _take(self, found: VerifiedEvent) -> None:
        """What comes after the backup's position, a run that was cut off left there."""
        self._projector.take(found)
        if found.position <= self.manifest.position:
            self._standing.take(found)

    def _refuse_details(self, file: StandingFile) -> None:
        stored = self.details(file)
        if stored is None:
            return
        try:
            is_object = not file.temp and isinstance(orjson.loads(stored), dict)
        except orjson.JSONDecodeError:
            is_object = False
        if not is_object:
            raise BackupDamaged(f"How {file.name} of {file.user} was made is no JSON object. {ANOTHER_COPY}")

    def _refuse_bytes(self, file: StandingFile) -> None:
        store = self.store
        if not store.has(file.sha256, file.size_bytes):
            raise BackupDamaged(f"The bytes of {file.name} of {file.user} are not in the backup. {ANOTHER_COPY}")
        if (most := self._terms.max_image_bytes) is None:
            if not store.is_right(file.sha256, file.size_bytes):
                raise BackupDamaged(f"The bytes of {file.name} of {file.user} are not those kept. {ANOTHER_COPY}")
            return
        if file.size_bytes > most:
            raise BackupDamaged(
                f"{file.name} of {file.user} has {file.size_bytes:,} bytes, and a picture may have {most:,} here. "
                "Nothing was made. Raise IMAGE_GENERATION_SIZE_MB if that is meant."
            )
        if not store.is_right(file.sha256, file.size_bytes):
            raise BackupDamaged(f"The bytes of {file.name} of {file.user} are not those kept. {ANOTHER_COPY}")
        self._refuse_no_picture(file, most)

    def _refuse_no_picture(self, file: StandingFile, most: int) -> None:
        """What the log says is a picture is one of that format, whoever wrote the log."""
        if file.media_type == ANY_BYTES:
            return
        try:
            checked = check_image(self.store.read(file.sha256), max_bytes=most)
        except InvalidImage as error:
            raise BackupDamaged(f"{file.name} of {file.user} is no picture. {error} {ANOTHER_COPY}") from error
        if checked.media_type != file.media_type:
            raise BackupDamaged(
                f"{file.name} of {file.user} is {checked.media_type}, and its log says {file.media_type}. "
                f"{ANOTHER_COPY}"
            )


class _Restore:
    """One filling of a root."""

    def __init__(self, root: Path, backup: _Checked, terms: RestoreTerms) -> None:
        self._root = root
        self._layout = Layout(root)
        self._backup = backup
        self._terms = terms
        self._files = terms.files
        self._touched: set[Path] = set()

    def carry_out(self) -> Restored:
        files, backup, engine = self._files, self._backup, self._terms.engine
        manifest = backup.manifest
        mark = RestoreMark(self._root, files)
        mark.set(backup.paths.contents(manifest.contents))
        total = len(backup.stood)
        for done, file in enumerate(backup.stood):
            self._terms.progress(done, total)
            self._place_all_of(file)
        self._terms.progress(total, total)
        for folder in sorted(self._touched):
            files.sync_directory(folder)
        copied = engine.copy(backup.paths.log_root, self._root, up_to=manifest.position, with_key=self._terms.is_ours)
        if (copied.digest, copied.size_bytes) != (manifest.digest, manifest.log_bytes):
            raise BackupDamaged(f"The log in {backup.paths.folder} is not the one that was backed up. {ANOTHER_COPY}")
        self._read_back()
        mark.remove()
        return Restored(self._root, manifest, copied.has_key, backup.missing)

    def _place_all_of(self, file: StandingFile) -> None:
        """How an image was made first, then its bytes, as a save does."""
        details = self._backup.details(file)
        if details is not None:
            self._place(self._layout.details(file.user, file.name), details)
        if file not in self._backup.missing:
            final = self._layout.final(file.user, file.name, temp=file.temp)
            if not self._is_right(final, file):
                self._place(final, self._backup.store.read(file.sha256))

    def _place(self, path: Path, data: bytes) -> None:
        files, in_making = self._files, path.with_name(IN_MAKING)
        files.make_directories(path.parent)
        with suppress(FileNotFoundError):
            files.unlink(in_making)
        files.write_durably(in_making, data)
        files.rename(in_making, path)
        self._touched.add(path.parent)

    def _is_right(self, path: Path, file: StandingFile) -> bool:
        try:
            return digest_of(self._files, path) == (file.sha256, file.size_bytes)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _read_back(self) -> None:
        """All that was made, from where it lies now. Raises LogDamaged, StorageUnavailable."""
        engine, projector = self._terms.engine, Projector()
        with collecting_no_garbage():
            report = engine.verify(self._root, on_event=projector.take)
        engine.refuse_damage(self._root, report.damage)
        missing = frozenset(self._backup.missing)
        for file in self._backup.stood:
            final = self._layout.final(file.user, file.name, temp=file.temp)
            if file not in missing and not self._is_right(final, file):
                raise StorageUnavailable(
                    f"The disk of {self._root} does not give back what was written to it ({file.name} of {file.user}). "
                    "Check that disk; the backup is as it was."
                )


def _unreadable(paths: BackupPaths, error: OSError) -> str:
    if isinstance(error, NotOwnError):
        return f"The backup {paths.folder} cannot be read: {error.sentence}"
    where = f" ({error.filename})" if error.filename else ""
    return f"The backup {paths.folder} cannot be read: {error.strerror or error}{where}. Nothing was made."


def _unwritable(root: Path, error: OSError) -> Fault:
    if is_disk_full(error):
        return no_room_for("what the backup holds", root, GOES_ON)
    if isinstance(error, NotOwnError):
        return StorageUnavailable(f"The storage root {root} cannot be filled: {error.sentence}")
    if (told := not_done_there(root, error)) is not None:
        return StorageUnavailable(told)
    where = f" ({error.filename})" if error.filename else ""
    return StorageUnavailable(
        f"The storage root {root} cannot be filled: {error.strerror or error}{where}. Check who owns it, then run the "
        "command again: it goes on where it stopped."
    )
