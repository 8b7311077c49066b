"""Makes a storage root of a backup: what `abby restore` and `abby import` do.

The backup is read whole before anything is made: its list, every event of its log as a start would take it, the bytes
of every file. Only a root that is empty is taken, and while it is filled a mark keeps everybody else out. The log is
named last, and the mark goes when all was read back from where it lies now. Cut off, wherever, the same command goes
on.

An import is of what somebody else may have written: each picture is decoded, and no key is taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from adapters.application.adoption_mark import RestoreMark
from adapters.application.other_things import OURS
from adapters.application.root_mark import SUFFIX
from adapters.archive.backup import read_contents, read_manifest
from adapters.archive.checking import CheckedBackup, RestoreTerms
from adapters.archive.layout import ANOTHER_COPY, BackupPaths, Manifest
from adapters.archive.room import Needed, bytes_in, no_room, refuse_without_room
from adapters.archive.store import digest_of
from adapters.disk.errors import NotOwnError, not_done_there
from adapters.disk.files import READ, Files, is_disk_full
from adapters.disk.litter import is_litter
from adapters.disk.ways import lie_in_each_other, resolved
from adapters.disk.whole_files import put_whole
from adapters.imagestore.local.layout import Layout
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.faults import (
    GOES_ON,
    BackupDamaged,
    Fault,
    LogLocked,
    StorageUnavailable,
    TargetRefused,
)
from adapters.ports.image_store import OWN_PREFIX
from adapters.webhooks.cursor import CURSOR_FILE, MOST_CURSOR_BYTES
from projections.standing_files import StandingFile

IN_MAKING = f"{OWN_PREFIX}restored"
"""How a file is called until it is whole."""
RENEWED = (
    "`abby backup` writes into {}, or another `abby restore` reads it. Nothing was made. Let it end, then run the "
    "command again."
)
FILLED = "Another `abby restore` or `abby import` fills {}. Nothing was changed by this one. Let the other end."
HELD = "what the backup holds"
NO_ROOM = "Nothing was written. Make room there, or name another root with --root, and run the command again."
BESIDE = " To have its pictures beside these, import it into a new root, and `abby adopt` them from there."


class Restored(NamedTuple):
    """What a root was made of, and whose bytes, and whose details, the backup did not have."""

    root: Path
    manifest: Manifest
    has_key: bool
    missing: tuple[StandingFile, ...]
    lacks_details: tuple[StandingFile, ...]


def restore(folder: Path, root: Path, terms: RestoreTerms) -> Restored:
    """Fills an empty root, or goes on with one that was being filled from the same backup.

    Raises BackupDamaged and LogDamaged where the backup is not whole, TargetRefused where the root holds something,
    StorageUnavailable and DiskFull.
    """
    paths, root, files = BackupPaths.below(folder), resolved(root), terms.files
    if lie_in_each_other(paths.folder, root, files):
        raise TargetRefused(f"The backup {paths.folder} and the root {root} lie in each other. Name another root.")
    files.confine(paths.folder, anew=False)
    files.confine(root, anew=False)
    unreadable, unwritable = partial(_unreadable, paths), partial(_unwritable, root, files)
    with _telling(unreadable), _locked(paths.lock, files, RENEWED.format(paths.folder)):
        manifest = read_manifest(paths, files)
        contents = paths.contents(manifest.contents)
        with _telling(unwritable):
            _refuse_root(root, contents, terms)
        backup = CheckedBackup(paths, manifest, read_contents(paths, manifest, files), terms)
        backup.check_log()
        restoring = _Restore(root, backup, terms)
        with _telling(unwritable):
            restoring.refuse_without_room()
        backup.check_files()
        with _telling(unwritable):
            _refuse_root(root, contents, terms)  # reading takes long, and somebody may have filled it meanwhile
            return restoring.carry_out()


@contextmanager
def _telling(fault_of: Callable[[OSError], Fault]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise fault_of(error) from error


@contextmanager
def _locked(path: Path, files: Files, sentence: str) -> Iterator[None]:
    """While it is open, no other run goes on with what a file stands for: with a backup one that renews it, with a mark
    one that fills its root. Where nobody can lock there, as on a disk that is read alone, nobody is expected to.
    Raises LogLocked in these words, NotOwnError.
    """
    with ExitStack() as descriptors:
        try:
            fd = files.open(path, READ)
            descriptors.callback(files.close, fd)
            files.lock(fd)
        except NotOwnError:
            raise
        except BlockingIOError:
            raise LogLocked(sentence) from None
        except OSError:
            pass
        yield


def _refuse_root(root: Path, contents: Path, terms: RestoreTerms) -> None:
    """Raises TargetRefused unless a root is empty to a person, or was being filled from this very backup, wherever that
    lay then: its list is named by its hash. OSError.
    """
    files, mark = terms.files, RestoreMark(root, terms.files)
    begun = mark.directory()
    if begun is not None and begun.name == contents.name:
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
                    f"away first.{'' if terms.is_ours else BESIDE}"
                )
    except NotADirectoryError:
        raise TargetRefused(f"{root} is no folder. Name another root with --root.") from None


class _Restore:
    """One filling of a root."""

    def __init__(self, root: Path, backup: CheckedBackup, terms: RestoreTerms) -> None:
        self._root = root
        self._layout = Layout(root)
        self._backup = backup
        self._terms = terms
        self._files = terms.files
        self._touched: set[Path] = set()

    def refuse_without_room(self) -> None:
        """Before the bytes of the backup are read, which may take long. What a run that was cut off has brought in is
        there already, and what it had in the making goes. Raises DiskFull, OSError.
        """
        layout, manifest, logs = self._layout, self._backup.manifest, self._root / "logs"
        needed = {layout.users: 0, layout.temp: 0, logs: manifest.log_bytes - bytes_in(logs, self._files)}
        in_making: set[tuple[Path, Path]] = set()
        for file in self._backup.stood:
            below = layout.temp if file.temp else layout.users
            final = layout.final(file.user, file.name, temp=file.temp)
            needed[below] += len(self._backup.details(file) or b"")
            if self._backup.has_bytes(file) and self._size_of(final) != file.size_bytes:
                needed[below] += file.size_bytes
                in_making.add((below, final.with_name(IN_MAKING)))
        for below, path in in_making:
            needed[below] -= self._size_of(path) or 0
        most = [Needed(folder, max(0, size_bytes)) for folder, size_bytes in needed.items()]
        refuse_without_room(most, HELD, NO_ROOM, self._files)

    def _size_of(self, path: Path) -> int | None:
        try:
            return self._files.lstat(path).st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def carry_out(self) -> Restored:
        backup, mark = self._backup, RestoreMark(self._root, self._files)
        mark.set(backup.paths.contents(backup.manifest.contents))
        with _locked(mark.path, self._files, FILLED.format(self._root)):
            has_key = self._fill()
        mark.remove()
        return Restored(self._root, backup.manifest, has_key, backup.missing, backup.lacks_details)

    def _fill(self) -> bool:
        """Brings everything in and reads it back; whether the log's key is there."""
        files, backup, manifest = self._files, self._backup, self._backup.manifest
        total = len(backup.stood)
        for done, file in enumerate(backup.stood):
            self._terms.progress(done, total)
            self._place_all_of(file)
        self._terms.progress(total, total)
        for folder in sorted(self._touched):
            files.sync_directory(folder)
        copied = self._terms.engine.copy(
            backup.paths.log_root, self._root, up_to=manifest.position, with_key=self._terms.is_ours
        )
        if (copied.digest, copied.size_bytes) != (manifest.digest, manifest.log_bytes):
            raise BackupDamaged(f"The log in {backup.paths.folder} is not the one that was backed up. {ANOTHER_COPY}")
        self._place_cursor()
        self._read_back()
        return copied.has_key

    def _place_cursor(self) -> None:
        """How far webhooks were told, so that nothing is told again or left out. Of somebody else's nothing was."""
        stored = self._backup.paths.log_root / CURSOR_FILE
        if self._terms.is_ours and self._files.lexists(stored):
            put_whole(self._files, self._root / CURSOR_FILE, self._files.read(stored, MOST_CURSOR_BYTES))

    def _place_all_of(self, file: StandingFile) -> None:
        """How an image was made first, then its bytes, as a save does."""
        details = self._backup.details(file)
        if details is not None:
            self._place(self._layout.details(file.user, file.name), (details,))
        if self._backup.has_bytes(file):
            final = self._layout.final(file.user, file.name, temp=file.temp)
            if not self._is_right(final, file):
                self._place(final, self._backup.store.blocks(file.sha256))

    def _place(self, path: Path, blocks: Iterable[bytes]) -> None:
        files, in_making = self._files, path.with_name(IN_MAKING)
        files.make_directories(path.parent)
        with suppress(FileNotFoundError):
            files.unlink(in_making)
        files.write_blocks_durably(in_making, blocks)
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
        for file in self._backup.stood:
            final = self._layout.final(file.user, file.name, temp=file.temp)
            if self._backup.has_bytes(file) and not self._is_right(final, file):
                raise StorageUnavailable(
                    f"The disk of {self._root} does not give back what was written to it ({file.name} of {file.user}). "
                    "Check that disk; the backup is as it was."
                )


def _unreadable(paths: BackupPaths, error: OSError) -> Fault:
    if isinstance(error, NotOwnError):
        return BackupDamaged(f"The backup {paths.folder} cannot be read: {error.sentence}")
    where = f" ({error.filename})" if error.filename else ""
    return BackupDamaged(
        f"The backup {paths.folder} cannot be read: {error.strerror or error}{where}. Nothing was made."
    )


def _unwritable(root: Path, files: Files, error: OSError) -> Fault:
    if is_disk_full(error):
        return no_room(HELD, root, GOES_ON, files)
    if isinstance(error, NotOwnError):
        return StorageUnavailable(f"The storage root {root} cannot be filled: {error.sentence}")
    if (told := not_done_there(root, error)) is not None:
        return StorageUnavailable(told)
    where = f" ({error.filename})" if error.filename else ""
    return StorageUnavailable(
        f"The storage root {root} cannot be filled: {error.strerror or error}{where}. Check who owns it, then run the "
        "command again: it goes on where it stopped."
    )
