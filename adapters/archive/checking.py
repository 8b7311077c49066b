"""Reads a backup whole before anything is made of it: what `restoring` asks first.

Its list, every event of its log as a start would take it, the bytes of every file. Of somebody else's backup each
picture is decoded, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from stat import S_ISDIR

from adapters.archive.layout import ANOTHER_COPY, BackupPaths, Content, Manifest
from adapters.archive.settling import OnProgress, Standing
from adapters.archive.source import is_of
from adapters.archive.store import ContentStore
from adapters.disk.files import Files
from adapters.disk.own_root import why_not_ordinary
from adapters.images.check import CheckedImage, check_image
from adapters.images.invalid_image import InvalidImage
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.faults import BackupDamaged, LogDamaged, LogForeign, LogMissing, StorageUnavailable
from adapters.ports.log_reports import LogReport
from domain.names import folder_of, name_key
from projections.standing_files import StandingFile

MAX_MORE_BYTES = 1_073_741_824
"""What a run that was cut off may have left behind the log: some two million events. What is more is not read."""
ANY_BYTES = "application/octet-stream"
"""The type of what was saved as no image, where nobody looked at it."""
NO_COPY_HELPS = (
    "Nothing was made, and no other copy of this backup helps. Let the image be deleted where it comes from, and take "
    "the backup anew; or, where you trust whoever made it, `abby restore` takes it in as it is, unlooked at."
)


@dataclass(frozen=True, slots=True)
class RestoreTerms:
    """With what a backup is restored. `max_image_bytes`: it is somebody else's, and no picture of it may be larger;
    `any_bytes`: what was saved as no image is taken in, too.
    """

    engine: EventLogEngine
    files: Files
    max_image_bytes: int | None = None
    any_bytes: bool = False
    progress: OnProgress = lambda _done, _total: None

    @property
    def is_ours(self) -> bool:
        """Whether the backup is believed to be of this storage."""
        return self.max_image_bytes is None


class CheckedBackup:
    """A backup that is read whole, so that nothing is made of one that is not."""

    def __init__(
        self, paths: BackupPaths, manifest: Manifest, contents: dict[int, Content], terms: RestoreTerms
    ) -> None:
        self.paths = paths
        self.manifest = manifest
        self.store = ContentStore(paths, terms.files)
        self.stood: Sequence[StandingFile] = ()
        self.missing: tuple[StandingFile, ...] = ()
        self.lacks_details: tuple[StandingFile, ...] = ()
        self._contents = contents
        self._terms = terms
        self._projector = Projector()
        self._standing = Standing()

    def check_log(self) -> None:
        """Reads its log and its list, by which all that it holds is known. Raises BackupDamaged, LogDamaged and the
        like, OSError.
        """
        _refuse_odd_log(self.paths, self.manifest, self._terms.files)
        self._refuse_another_log(self._read_log())
        self.stood = list(self._standing.files)
        if {file.position for file in self.stood} != set(self._contents):
            raise BackupDamaged(f"The list of files in {self.paths.folder} is not that of its log. {ANOTHER_COPY}")
        self.missing = tuple(file for file in self.stood if not self.has_bytes(file))
        self.lacks_details = tuple(file for file in self.stood if self._contents[file.position].lacks_details)
        self._refuse_other_figures()
        self._refuse_images_in_images()
        self._refuse_unlooked_at()

    def check_files(self) -> None:
        """Reads the bytes of all that it holds. Raises BackupDamaged, OSError."""
        for done, file in enumerate(self.stood):
            self._terms.progress(done, len(self.stood))
            self._refuse_details(file)
            if self.has_bytes(file):
                self._refuse_bytes(file)
        self._terms.progress(len(self.stood), len(self.stood))

    def has_bytes(self, file: StandingFile) -> bool:
        """Whether the backup has the bytes of a file that stands."""
        return not self._contents[file.position].is_missing

    def details(self, file: StandingFile) -> bytes | None:
        """How an image was made, as it is to be stored."""
        details = self._contents[file.position].details
        return None if details is None else details.encode()

    def _read_log(self) -> LogReport:
        """Every event of its log. Raises BackupDamaged, LogDamaged, OSError."""
        log = f"The log of the backup {self.paths.folder}"
        try:
            with collecting_no_garbage():
                report = self._terms.engine.verify(
                    self.paths.log_root, on_event=self._take, marks=[self.manifest.position]
                )
        except LogForeign as error:
            raise BackupDamaged(f"{log} is not used, because {error.what}. {ANOTHER_COPY}") from error
        except LogMissing as error:
            raise BackupDamaged(f"{log} is missing. {ANOTHER_COPY}") from error
        except StorageUnavailable as error:
            if isinstance(error.__cause__, OSError):  # it is no storage root, so it is told in other words
                raise error.__cause__ from error
            raise
        if (damage := report.damage) is not None:
            raise LogDamaged(
                f"{damage.likeness}{damage.said_of(log)} {ANOTHER_COPY} `abby --root {self.paths.log_root} salvage "
                "--to DIR` writes a new log of what is whole before the damage.",
                position=damage.position,
                offset=damage.offset,
                looks_like=damage.looks_like,
            )
        return report

    def _refuse_another_log(self, report: LogReport) -> None:
        manifest = self.manifest
        if report.log_id != manifest.log_id or report.marked != (manifest.log_point,):
            raise BackupDamaged(f"The log in {self.paths.folder} is not the one that was backed up. {ANOTHER_COPY}")

    def _refuse_other_figures(self) -> None:
        """What people are told of a backup is what it holds."""
        manifest, temp = self.manifest, sum(file.temp for file in self.stood)
        found = (len(self.stood) - temp, temp, sum(file.size_bytes for file in self.stood), len(self.missing))
        if found != (manifest.images, manifest.temp_files, manifest.size_bytes, manifest.missing):
            raise BackupDamaged(f"{self.paths.manifest} gives other figures than its log and list. {ANOTHER_COPY}")

    def _refuse_images_in_images(self) -> None:
        """No disk has a file and a folder of one name, and no version records that."""
        keys = {(file.user, file.temp, name_key(file.name)) for file in self.stood}
        for file in self.stood:
            above = folder_of(file.name)
            if above is not None and (file.user, file.temp, name_key(above)) in keys:
                raise BackupDamaged(
                    f"{file.name} of {file.user} would lie in {above}, which is an image by the log too. {ANOTHER_COPY}"
                )

    def _refuse_unlooked_at(self) -> None:
        """Of somebody else's backup what its log says is no image: anything could be called so."""
        if self._terms.is_ours:
            return
        found = [file for file in self.stood if file.media_type == ANY_BYTES]
        for file in found:
            if (file.width, file.height) != (0, 0):
                raise BackupDamaged(
                    f"{file.name} of {file.user} was saved as no image, and its log gives it {_sides(file)}, which no "
                    f"version writes. {NO_COPY_HELPS}"
                )
        if found and not self._terms.any_bytes:
            raise BackupDamaged(
                f"{found[0].name} of {found[0].user} was saved as no image, so that nobody looked at what it is "
                f"({len(found):,} such in all), and an import takes in pictures. Nothing was made. With --any-bytes "
                "it takes these in, too: as bytes that are downloaded and never shown."
            )

    def _take(self, found: VerifiedEvent) -> None:
        """What comes after the backup's position, a run that was cut off left there."""
        self._projector.take(found)
        if found.position <= self.manifest.position:
            self._standing.take(found)

    def _refuse_details(self, file: StandingFile) -> None:
        stored = self.details(file)
        if stored is not None and (file.temp or not is_of(stored, file)):
            raise BackupDamaged(
                f"What is told of how {file.name} of {file.user} was made is not of that image. {ANOTHER_COPY}"
            )

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
        """What the log says of a picture is so, its format and its size in pixels, whoever wrote the log."""
        if file.media_type == ANY_BYTES:
            return
        try:
            checked = check_image(self.store.read(file.sha256), max_bytes=most)
        except InvalidImage as error:
            raise BackupDamaged(
                f"{file.name} of {file.user} is no picture that is kept. {error} {NO_COPY_HELPS}"
            ) from error
        kinds, sides = (checked.media_type, file.media_type), (_sides(checked), _sides(file))
        for found, told in (kinds, sides):
            if found != told:
                raise BackupDamaged(f"{file.name} of {file.user} is {found}, and its log says {told}. {NO_COPY_HELPS}")


def _sides(picture: CheckedImage | StandingFile) -> str:
    return f"{picture.width:,} x {picture.height:,} pixels"


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
