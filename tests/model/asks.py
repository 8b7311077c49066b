"""What the machine may ask of the program, and what may be answered: words that the model and the program's side share.

An ask is what a caller says, nothing more. A reservation is named by its number in the order of the log.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from hypothesis import strategies as st

USERS = ("ann", "ben")
MALFORMED_USER = "Ann!"
MALFORMED_NAME = "../a.png"
FOLDER_OF_A_KIND = "text_to_image"
MALFORMED_REASON = "whatever"


class Kin(Enum):
    """A name by its kinship to the one that the user saved last."""

    SAME = "the same"
    EARLIEST = "the one that was saved first"
    OTHER_SPELLING = "the same, spelled otherwise"
    WITHIN = "in a folder of this name"
    FOLDER = "the folder that it is in"

    def of(self, names: list[str]) -> str:
        """The name that is meant, of those that stand in the order of their saves."""
        name = names[0 if self is Kin.EARLIEST else -1] if names else "a.png"
        match self:
            case Kin.SAME | Kin.EARLIEST:
                return name
            case Kin.OTHER_SPELLING:
                return name.swapcase()
            case Kin.WITHIN:
                return f"{name.partition('/')[0]}/b.png"
            case Kin.FOLDER:
                return name.partition("/")[0]


GenerationOutcome = tuple[Any, ...]
"""A word, then what is told: `("refused", reason, limit, used, held)`, `("saved", ..., position, replayed)`."""


class Save(NamedTuple):
    """Keep these bytes. `name` None asks for a fresh one; `reservation` is a number, or None for a plain save."""

    user: str
    name: str | Kin | None
    content: int
    size_bytes: int
    temp: bool = False
    reservation: int | None = None
    details: bool = False
    by: str = "library"
    key: str | None = None

    @property
    def data(self) -> bytes:
        """The bytes."""
        return bytes([65 + self.content]) * self.size_bytes


class Reserve(NamedTuple):
    """Hold places."""

    user: str
    places: int
    exclusive: bool = False
    by: str = "library"
    key: str | None = None


class Deliver(NamedTuple):
    """The provider delivered."""

    user: str
    reservation: int
    places: int
    by: str = "library"
    key: str | None = None


class Release(NamedTuple):
    """Give places back, all of them where none are counted."""

    user: str
    reservation: int
    reason: str
    places: int | None = None
    by: str = "library"
    key: str | None = None


class Delete(NamedTuple):
    """Take a kept image away."""

    user: str
    name: str | Kin
    by: str = "library"
    key: str | None = None


class CleanUp(NamedTuple):
    """Remove temp files of this age."""

    days: int


class ResetCount(NamedTuple):
    """Set today's count to 0."""

    user: str


class Override(NamedTuple):
    """Limits of a user's own, until so long from now."""

    user: str
    user_bytes: int | None
    daily: int | None
    lasting: timedelta | None


class CorrectClock(NamedTuple):
    """The clock is right now."""


Ask = Save | Reserve | Deliver | Release | Delete | CleanUp | ResetCount | Override | CorrectClock
Keyed = (Save, Reserve, Deliver, Release, Delete)


class Limits(NamedTuple):
    """The limits in force."""

    user_bytes: int
    pool_bytes: int
    daily: int
    gen_bytes: int
    moderated_free: bool


WIDE = Limits(1_000, 1_500, 10, 150, moderated_free=False)
NARROW = Limits(700, 900, 5, 100, moderated_free=True)
RESERVATION_SECONDS = 900

users = st.sampled_from([*USERS * 10, MALFORMED_USER])
names = st.sampled_from(
    [
        *("a.png", "A.png", "f/b.png", "f/b.png", "F/B.png", "f", "image_3.bin", "image_4.bin/x.png"),
        MALFORMED_NAME,
    ]
)
kin = st.sampled_from([Kin.SAME, *Kin])
names_to_save = st.none() | st.just(FOLDER_OF_A_KIND) | names | names | kin | kin
sizes = st.sampled_from([0, 1, 50, 100, 101, 150, 250, 400])
actors = st.sampled_from(["library", "api:x"])
keys = st.sampled_from([None, None, "k", "l"])
back = st.integers(0, 5)
"""Which reservation is meant: the latest, the one before. The machine makes its number of it."""
few = st.sampled_from([1, 1, 1, 2, 2, 3, 0])
reasons = st.sampled_from(["failed", "rejected", "moderated", "not_kept", "cancelled", "unknown", MALFORMED_REASON])

saves = st.builds(
    Save, users, names_to_save, st.integers(0, 2), sizes, st.just(False), st.none(), st.booleans(), actors, keys
)
temp_saves = st.builds(
    Save, users, names_to_save, st.integers(0, 2), sizes, st.just(True), st.none(), st.booleans(), actors, keys
)
settlements = st.builds(
    Save,
    users, names_to_save, st.integers(0, 2), sizes, st.sampled_from([False] * 9 + [True]), back, st.booleans(), actors,
    keys,
)  # fmt: skip
reserves = st.builds(Reserve, users, few, st.booleans(), actors, keys)
deliveries = st.builds(Deliver, users, back, few, actors, keys)
releases = st.builds(Release, users, back, reasons, st.none() | few, actors, keys)
deletes = st.builds(Delete, users, kin | kin | names, actors, keys)
cleanups = st.builds(CleanUp, st.sampled_from([0, 1, 7]))
resets = st.builds(ResetCount, users)
overrides = st.builds(
    Override,
    users,
    st.sampled_from([None, 120, 2_000]),
    st.sampled_from([None, 2, 20]),
    st.sampled_from([None, timedelta(hours=1), timedelta(days=1), timedelta(seconds=-1)]),
)
corrections = st.builds(CorrectClock)
asks: st.SearchStrategy[Ask] = st.one_of(
    saves,
    saves,
    temp_saves,
    settlements,
    reserves,
    deliveries,
    releases,
    deletes,
    cleanups,
    resets,
    overrides,
    corrections,
)
batches = st.lists(asks, min_size=2, max_size=5)
