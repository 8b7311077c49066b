"""What the use cases need of where the bytes of images lie, whatever keeps them: folders, or a bucket of objects.

The log says which images stand; an image store follows it. A save is staged before it is recorded and brought into
place after; a deletion is recorded first and carried out after. Which names and users are well-formed is the domain's
to say, and whether a command is allowed the ledger's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple, Protocol

from adapters.ports.measured import Measured
from domain.events import Event
from domain.view import View

OWN_PREFIX = ".abby-"
"""How names begin that stand among images for a moment only; no image's name begins with a dot."""


class Key(NamedTuple):
    """A name as the log keys it."""

    user: str
    temp: bool
    key: str


class Unfinished(NamedTuple):
    """A name whose bytes are not where the log wants them: not in place yet where it `stands`, else not gone yet.
    `why` is what the disk said when it was tried last, None where it was not tried.
    """

    user: str
    name: str
    stands: bool
    why: str | None = None


class Place(NamedTuple):
    """Where a save goes: a user's folder, or one in it; of no user: what all have in common."""

    user: str | None
    folder: str | None = None


class Thumbnails(Protocol):
    """Small copies of kept images, each of the bytes of one SHA-256. They may be lost: whoever has the image makes
    another.
    """

    def read(self, user: str, name: str, digest: str) -> bytes | None:
        """The one of a name, if it was made of these bytes. Raises nothing."""

    def keep(self, user: str, name: str, digest: str, data: bytes, *, stands: Callable[[], bool]) -> None:
        """Keeps one for as long as its image stands. Raises OSError."""


class Saves(Protocol):
    """What an image store may ask of the log: which save stands under a name, and under which id its bytes were staged.
    Safe from any thread; raises what reading a log raises.
    """

    def standing(self, key: Key) -> int | None:
        """The position of the save that stands, by the published figures; None where none does."""

    def staged_at(self, position: int) -> str | None:
        """The id under which the bytes of the save at a position were staged; None where no save is there."""

    def before(self, key: Key, position: int) -> str | None:
        """That of the last save of a name before a position. Looks through the saves of its user: only for a start."""

    def is_named(self, staged: str) -> bool:
        """Whether any event names an id. Looks through the whole log: only for what was left behind."""

    def is_over(self, staged: str) -> bool:
        """Whether an event names an id whose save surely stands no more, by the published figures. Looks as
        `is_named` does.
        """

    def newest(self, most: int) -> list[str]:
        """The ids of the saves that stand, at most so many, the newest first; none where nothing stands. Only for a
        start.
        """


class Misplaced(NamedTuple):
    """That the images of a log are not where they are looked for, and what to do, in sentences."""

    found: str
    advice: str

    def __str__(self) -> str:
        return f"{self.found} {self.advice}"


class Ownership(Protocol):
    """Whose images a place has, so that no log takes one that belongs to another, or where its own images are not."""

    def why_not(self, log_id: str, saves: Saves) -> Misplaced | None:
        """Why a log cannot keep its images here; None where it can. Changes nothing. Raises OSError."""

    def take(self, log_id: str, saves: Saves) -> None:
        """Makes the place that of a log that is opened for writing. Raises ConfigError where it cannot be, and OSError
        of the disk. Where a bucket cannot say whose it is, that is asked before anything is put there.
        """

    def begin(self, log_id: str, saves: Saves) -> None:
        """Images are about to be carried here. Raises as `take` does, and OSError of a bucket."""

    def end(self, log_id: str) -> None:
        """All that could be carried here is here. Raises OSError."""

    def refuse_others(self, log_id: str, saves: Saves) -> None:
        """Raises ConfigError where the images here are those of another log, OSError where that cannot be asked."""

    def leave(self, log_id: str) -> None:
        """All that could be carried elsewhere is there. Raises OSError."""


class ImageStore(Protocol):
    """The bytes of one storage root: kept images with their details, and temp files. Safe from any thread.

    A name is *touched* from the moment the log used it until its bytes are where they belong.
    """

    is_of_one_machine: bool
    """Whether only this machine has what is kept here."""
    looked_at: int
    """Of how many names it may be asked for one answer whether their bytes are there."""

    @property
    def ownership(self) -> Ownership:
        """Whose images are here."""

    # -- following the log

    def told_by(self, saves: Saves) -> None:
        """Gives it whom to ask, before anything else is asked of it. Folders need nobody."""

    def start_at(self, position: int) -> None:
        """Everything up to `position` is known to be in place. Only for a start."""

    def note(self, recorded: Iterable[tuple[int, Event]]) -> None:
        """Takes in durable events with their positions, before they are published."""

    def reconciled(self) -> int:
        """The position up to which all work on bytes is done and durable."""

    def reconcile(self, user: str, name: str, *, temp: bool) -> None:
        """Brings one name into place. What fails is logged and stays touched for the next `reconcile_all`."""

    def reconcile_all(self) -> None:
        """Brings every touched name into place, the oldest first."""

    def sweep(self) -> None:
        """The same from time to time, from the thread of a ledger: waits for no network."""

    def sync_folders(self) -> None:
        """Makes durable what a program that was killed may have begun. Only for a start. Raises OSError."""

    def remove_unneeded_staged(self) -> int:
        """Removes what was staged and never recorded; gives the number. Only for a start. Raises OSError."""

    @property
    def missing(self) -> AbstractSet[Key]:
        """Names that stand and have no bytes at all, or another number of them."""

    def is_there(self, user: str, name: str, *, temp: bool, size_bytes: int) -> bool:
        """Whether there are just so many bytes of a name that stands; it is among the `missing` from then on, or no
        longer. Raises OSError.
        """

    def unfinished(self) -> list[Unfinished]:
        """What was tried and failed, the oldest first; it is tried again."""

    def left_undone(self) -> list[Unfinished]:
        """What is to be done for the touched names, looked at without doing it, the oldest first. Raises OSError."""

    # -- a save

    def probe(self, places: Sequence[Place], size_bytes: int, *, whole: bool) -> list[OSError | None]:
        """Goes the way of a save into each place with a few bytes, for one of so many (or `whole`: really with as
        many), and leaves nothing behind. For each what a save would fail with, None where it would not.
        """

    def unwritable(self, folders: Iterable[str]) -> list[str]:
        """What takes no file, of the places where saves of any user and into these folders go, a sentence each. Changes
        nothing.
        """

    def refuse_path(self, user: str, name: str, *, temp: bool) -> str | None:
        """Why no bytes may be kept under a name here, as a sentence; None where they may. Raises OSError."""

    def is_untracked(self, user: str, name: str, *, temp: bool, view: View) -> bool:
        """Whether something that the log does not know stands where `name` would, or in its way. Raises OSError."""

    def free_numbers(self, user: str, folder: str | None, extension: str, *, temp: bool, first: int) -> range:
        """The numbers, from some of those after `first`, under which no `image_<n>.<extension>` stands in a folder of a
        user, whoever put it there: a few of them, or none where many are taken. Raises OSError.
        """

    def first_free_number(self, user: str, folder: str | None, *, temp: bool) -> int:
        """A number above every `image_<n>` in a folder of a user, whoever put it there: goes through all that is in it.
        Raises OSError.
        """

    def stage(self, staged: str, data: bytes, details: dict[str, object] | None) -> None:
        """Keeps bytes, and their details, durably aside under an id. Raises OSError, then nothing is left of them."""

    def discard(self, staged: str) -> None:
        """Removes what was staged under an id of which it is known that no event names it. Raises nothing."""

    # -- reading

    def path(self, user: str, name: str, *, temp: bool) -> Path | None:
        """The file with the bytes of a current name, where it is now or should be; None where they are in no file."""

    def address(self, user: str, name: str, *, temp: bool) -> str | None:
        """Where the bytes of a current name are, in words: a path, or `s3://bucket/key`. None where no name stands."""

    def presigned(self, user: str, name: str, *, temp: bool, seconds: int) -> str | None:
        """An address at which whoever has it gets the bytes of a current name, for so long, from where they lie; None
        where no name stands, or nothing serves them but this program. Raises OSError.
        """

    def is_foreign(self, user: str, name: str) -> bool:
        """Whether something stands where the bytes of a kept image belong that no save put there. Raises nothing."""

    def open_image(self, user: str, name: str, *, temp: bool = False) -> BufferedIOBase:
        """The bytes of a kept image, or of a temp file, to be read from their start. Raises OSError, FileNotFoundError
        where there are none, or what is there was not put there by a save.
        """

    def read_details(self, user: str, name: str) -> dict[str, object] | None:
        """How a kept image was made, None where nothing is known."""

    def read_all_details(self, user: str, names: Sequence[str]) -> list[dict[str, object] | None]:
        """The same of different names, in their order: for less than one by one. Raises OSError where it cannot be
        asked now.
        """

    @property
    def thumbnails(self) -> Thumbnails:
        """The small copies beside the images."""

    def has_room_for(self, size_bytes: int) -> bool:
        """Whether there is room for so many bytes where images lie. Raises OSError."""

    def measured(self) -> Iterable[Measured]:
        """What it measures of itself, beside the room that is left."""

    def free_bytes(self) -> int:
        """Room that is left on the disk where the bytes lie; where none has them, on that of what is kept beside them.
        Raises OSError.
        """
