"""Makes and renews a backup of a storage root, beside whoever writes it: what `abby backup` does.

The order: the log, to the end that it has when it is opened, beyond its watermark; then the files that stand by it,
until all that stands at one position is there; then the log up to that position. All of it is then read back from where
it was written to, and only then is it said to be a backup. A run that is cut off, wherever, leaves the former backup as
it was, and the next run goes on.

Nothing of the root is changed and no lock of it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from adapters.application.adoption_mark import refuse_unfinished
from adapters.archive.layout import (
    ANOTHER_COPY,
    MAX_DETAILS_CHARS,
    MAX_MANIFEST_BYTES,
    BackupPaths,
    Content,
    Manifest,
    decode_contents,
    decode_manifest,
    encode_contents,
    is_contents,
)
from adapters.archive.room import Needed, bytes_in, no_room, refuse_without_room
from adapters.archive.settling import OnProgress, Settling, Standing
from adapters.archive.source import SourceFiles
from adapters.archive.store import ContentStore, digest_of
from adapters.disk.errors import NotOwnError, not_done_there
from adapters.disk.files import UPDATE, Files, is_disk_full
from adapters.disk.litter import is_litter
from adapters.disk.ways import lie_in_each_other, resolved
from adapters.disk.whole_files import put_whole
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import EventLogEngine, FollowedLog
from adapters.ports.faults import (
    GOES_ON,
    BackupDamaged,
    Fault,
    LogLocked,
    StorageUnavailable,
    TargetRefused,
)
from adapters.ports.log_reports import CopiedLog
from adapters.webhooks.cursor import CURSOR_FILE, MOST_CURSOR_BYTES
from projections.standing_files import StandingFile

COPIES = 2
"""Times that bytes are written which the disk does not give back."""
MAX_ROW_BYTES = 2 * MAX_DETAILS_CHARS + 4_096
"""Of a file in the list: how it was made is in it, as a string of JSON in which each quotation mark takes two bytes."""
MAX_CONTENTS_BYTES = 1_073_741_824
BACKUP = "the backup"
AS_IT_WAS = "The former backup there, if there was one, is what it was."
NO_ROOM = f"{AS_IT_WAS} Make room there, or name another folder, and run the command again."


@dataclass(frozen=True, slots=True)
class BackupTerms:
    """With what a backup is made. `progress` is called as it goes on, from the beginning for each of its passes."""

    engine: EventLogEngine
    files: Files
    clock: Clock = utc_now
    with_key: bool = True
    progress: OnProgress = lambda _done, _total: None


class BackedUp(NamedTuple):
    """What a backup holds now, what of it is new, whose bytes were not to be had, and of whose making something is told
    that was not.
    """

    folder: Path
    manifest: Manifest
    copied_files: int
    copied_bytes: int
    log_bytes: int
    removed_files: int
    missing: tuple[StandingFile, ...]
    lacks_details: tuple[StandingFile, ...]


def back_up(root: Path, folder: Path, terms: BackupTerms) -> BackedUp:
    """Brings the backup in a folder up to date; begins it where the folder is new or empty.

    Raises TargetRefused where the folder cannot be used, LogLocked where another run is at it, what reading the log
    raises, StorageUnavailable and DiskFull.
    """
    root, paths = resolved(root), BackupPaths.below(folder)
    _refuse_folder(root, paths, terms.files)
    refuse_unfinished(root, terms.files)
    terms.engine.refuse_without_log(root)
    terms.files.confine(paths.folder, anew=False)
    with _writing(paths, terms.files):
        return _Backup(root, paths, terms).carry_out()


def read_manifest(paths: BackupPaths, files: Files) -> Manifest:
    """What a backup is. Raises BackupDamaged where there is none, OSError."""
    if not files.exists(paths.manifest):
        raise BackupDamaged(
            f"There is no backup in {paths.folder}: it has no {paths.manifest.name}. {_meant_instead(paths, files)}"
        )
    return decode_manifest(_read_within(MAX_MANIFEST_BYTES, paths.manifest, files), paths.folder)


def _meant_instead(paths: BackupPaths, files: Files) -> str:
    """What a folder without a manifest may be, as a sentence. Raises OSError."""
    folder, above = paths.folder, BackupPaths.below(paths.folder.parent)
    if not files.lexists(folder):
        return "The folder is not there: check its name, and whether its disk is mounted."
    if above.owns(folder.name) and files.lexists(above.manifest):
        return f"It is a part of the backup {above.folder}: name that."
    if "logs" in files.list_directory(folder):
        return f"It looks like a storage root, of which `abby --root {folder} backup DIR` makes a backup."
    return "Either it is another folder, or its first run has not ended; run `abby backup` again."


def read_contents(paths: BackupPaths, manifest: Manifest, files: Files) -> dict[int, Content]:
    """The list of its files. Raises BackupDamaged, OSError."""
    path = paths.contents(manifest.contents)
    if not files.exists(path):
        raise BackupDamaged(f"The list of files {path} is missing. Take another backup.")
    files_there = manifest.images + manifest.temp_files
    most = min(MAX_CONTENTS_BYTES, MAX_MANIFEST_BYTES + files_there * MAX_ROW_BYTES)
    return decode_contents(_read_within(most, path, files), manifest, paths.folder)


def _read_within(most_bytes: int, path: Path, files: Files) -> bytes:
    """The whole of a file. Raises BackupDamaged for one that is larger than it can be, OSError."""
    if (size_bytes := files.stat(path).st_size) > most_bytes:
        raise BackupDamaged(f"{path} has {size_bytes:,} bytes, more than it has in a backup. {ANOTHER_COPY}")
    return files.read(path)


class _Backup:
    """One run."""

    def __init__(self, root: Path, paths: BackupPaths, terms: BackupTerms) -> None:
        self._root = root
        self._paths = paths
        self._terms = terms
        self._files = terms.files
        self._store = ContentStore(paths, terms.files)

    def carry_out(self) -> BackedUp:
        source = SourceFiles(self._root, self._files)
        settling = Settling(source, self._store, self._known(), self._terms.progress)
        standing, engine = Standing(), self._terms.engine
        with collecting_no_garbage():
            log = engine.open_for_reading(self._root, beyond_watermark=True, on_event=standing.take)
        with closing(log):
            self._refuse_without_room(source, standing, log)
            cursor = self._cursor()
            copied = self._copy_log(log.head)
            for _ in range(COPIES):
                position, stood = settling.carry_out(standing, log)
                self._store.sync()
                if not (bad := self._bad(stood, settling.held)):
                    break
                for digest in {file.sha256 for file in bad}:
                    self._store.remove(digest)
                for file in bad:
                    del settling.held[file.position]
            else:
                raise StorageUnavailable(_not_given_back(self._paths.folder, len(bad)))
        more = self._copy_log(position) if position > copied.position else copied
        self._verify_log(more)
        self._keep_cursor(cursor)
        manifest = self._publish(more, stood, settling.held)
        return BackedUp(
            folder=self._paths.folder,
            manifest=manifest,
            copied_files=settling.copied_files,
            copied_bytes=settling.copied_bytes,
            log_bytes=more.size_bytes - copied.size_bytes + copied.copied_bytes,
            removed_files=self._remove_what_is_left(manifest, stood),
            missing=tuple(file for file in stood if settling.held[file.position].is_missing),
            lacks_details=tuple(file for file in stood if settling.held[file.position].lacks_details),
        )

    def _refuse_without_room(self, source: SourceFiles, standing: Standing, log: FollowedLog) -> None:
        """For what is new now; what is saved meanwhile is little. Raises DiskFull, OSError."""
        paths, store = self._paths, self._store
        new = {
            file.sha256: file.size_bytes
            for file in standing.files
            if not store.has(file.sha256, file.size_bytes) and source.is_there(file)
        }
        log_bytes = max(0, log.lines().size_bytes - bytes_in(paths.log_root / "logs", self._files))
        needed = (Needed(paths.files, sum(new.values())), Needed(paths.log_root, log_bytes))
        refuse_without_room(needed, BACKUP, NO_ROOM, self._files)

    def _copy_log(self, up_to: int) -> CopiedLog:
        engine = self._terms.engine
        return engine.copy(self._root, self._paths.log_root, up_to=up_to, with_key=self._terms.with_key)

    def _cursor(self) -> bytes | None:
        """How far webhooks were told before the log was copied: a restored root goes on from there."""
        with suppress(OSError):  # of one that cannot be read, the service itself tells
            return self._files.read(self._root / CURSOR_FILE, MOST_CURSOR_BYTES)
        return None

    def _keep_cursor(self, cursor: bytes | None) -> None:
        path = self._paths.log_root / CURSOR_FILE
        if cursor is not None:
            put_whole(self._files, path, cursor)
        elif self._files.lexists(path):
            self._files.unlink(path)

    def _known(self) -> dict[int, Content]:
        """The list of the former backup, so that how an image was made is read once; empty where it cannot be used."""
        with suppress(BackupDamaged):
            return read_contents(self._paths, read_manifest(self._paths, self._files), self._files)
        return {}

    def _bad(self, stood: Sequence[StandingFile], held: dict[int, Content]) -> list[StandingFile]:
        """Reads all bytes back; gives the files of which the disk has others."""
        by_digest = {file.sha256: file for file in stood if not held[file.position].is_missing}
        bad: set[str] = set()
        for done, file in enumerate(by_digest.values()):
            self._terms.progress(done, len(by_digest))
            if not self._store.is_right(file.sha256, file.size_bytes):
                bad.add(file.sha256)
        self._terms.progress(len(by_digest), len(by_digest))
        return [file for file in stood if file.sha256 in bad]

    def _verify_log(self, copied: CopiedLog) -> None:
        """Reads the copy of the log as a start would, every event."""
        engine, projector = self._terms.engine, Projector()
        with collecting_no_garbage():
            report = engine.verify(self._paths.log_root, on_event=projector.take)
        engine.refuse_damage(self._paths.log_root, report.damage)
        if (report.positions, report.digest) != (copied.position, copied.digest):
            raise StorageUnavailable(_not_given_back(self._paths.folder, 1))

    def _publish(self, copied: CopiedLog, stood: Sequence[StandingFile], held: dict[int, Content]) -> Manifest:
        """Writes the list and then, in the place of the former one, what the backup is."""
        lines = list(encode_contents(stood, held))
        digest = sha256(b"".join(lines)).hexdigest()
        self._write_contents(digest, lines)
        manifest = Manifest(
            log_id=copied.log_id,
            position=copied.position,
            digest=copied.digest,
            log_bytes=copied.size_bytes,
            contents=digest,
            images=sum(not file.temp for file in stood),
            temp_files=sum(file.temp for file in stood),
            size_bytes=sum(file.size_bytes for file in stood),
            missing=sum(held[file.position].is_missing for file in stood),
            has_key=copied.has_key,
            at=self._terms.clock(),
        )
        _exchange(self._files, self._paths.manifest, (manifest.encoded(),))
        return manifest

    def _write_contents(self, digest: str, lines: list[bytes]) -> None:
        """The list under its hash, as the disk gives it back; it is written once where nothing has changed."""
        path = self._paths.contents(digest)
        for _ in range(COPIES):
            if self._files.lexists(path) and digest_of(self._files, path)[0] == digest:
                return
            _exchange(self._files, path, lines)
        raise StorageUnavailable(_not_given_back(self._paths.folder, 1))

    def _remove_what_is_left(self, manifest: Manifest, stood: Sequence[StandingFile]) -> int:
        for name in self._files.list_directory(self._paths.folder):
            if is_contents(name) and name != self._paths.contents(manifest.contents).name:
                self._files.unlink(self._paths.folder / name)
        removed = self._store.remove_others(file.sha256 for file in stood)
        self._files.sync_directory(self._paths.folder)
        return removed


def _exchange(files: Files, path: Path, blocks: Sequence[bytes]) -> None:
    """Writes a file durably in the place of what stands there."""
    in_making = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_blocks_durably(in_making, blocks)
    files.rename(in_making, path)
    files.sync_directory(path.parent)


def _not_given_back(folder: Path, count: int) -> str:
    return (
        f"The disk of {folder} does not give back what was written to it ({count:,} files). The former backup there, "
        "if there was one, is what it was, but do not rely on that disk: check it, or name another folder."
    )


def _refuse_folder(root: Path, paths: BackupPaths, files: Files) -> None:
    """Raises TargetRefused for a folder that holds other things, or lies in the root or around it."""
    folder = paths.folder
    if lie_in_each_other(folder, root, files):
        raise TargetRefused(
            f"The folder {folder} and the storage root {root} lie in each other. Name a folder elsewhere, best on "
            "another disk."
        )
    try:
        others = [name for name in files.list_directory(folder) if not (paths.owns(name) or is_litter(name))]
    except NotADirectoryError:
        raise TargetRefused(f"{folder} is no folder. Name one that is new, empty, or a backup's.") from None
    except OSError as error:
        raise _unwritable(paths, files, error) from error
    if others:
        raise TargetRefused(
            f"The folder {folder} holds other things, such as {others[0]}. Nothing was changed. Name one that is new, "
            "empty, or a backup's."
        )


@contextmanager
def _writing(paths: BackupPaths, files: Files) -> Iterator[None]:
    """The folder is this run's alone. Errors of the disk there become Faults."""
    try:
        files.make_directories(paths.folder)
        fd = files.open(paths.lock, UPDATE)
    except OSError as error:
        raise _unwritable(paths, files, error) from error
    try:
        files.lock(fd)
        yield
    except BlockingIOError:
        raise LogLocked(
            f"Another run of `abby backup` writes into {paths.folder}, or `abby restore` reads it. Let it end."
        ) from None
    except OSError as error:
        raise _unwritable(paths, files, error) from error
    finally:
        files.close(fd)


def _unwritable(paths: BackupPaths, files: Files, error: OSError) -> Fault:
    folder = paths.folder
    if is_disk_full(error):
        return no_room(BACKUP, folder, f"{AS_IT_WAS} {GOES_ON}", files)
    if isinstance(error, NotOwnError):
        return StorageUnavailable(f"The backup in {folder} cannot be written: {error.sentence}")
    if (told := not_done_there(folder, error)) is not None:
        return StorageUnavailable(told)
    where = f" ({error.filename})" if error.filename else ""
    return StorageUnavailable(
        f"The backup in {folder} cannot be written: {error.strerror or error}{where}. Check who owns it and its disk; "
        "the former backup there, if there was one, is what it was."
    )
