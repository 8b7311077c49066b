"""What is said of a log that is kept in a database, which several processes write."""

from __future__ import annotations

from adapters.wording.figures import counted

STALE = (
    "{place} has not answered for {seconds}, so these figures are older than that, and nothing can be recorded. All "
    "goes on by itself once it answers."
)
UNREACHABLE = (
    "{place} has not answered for {seconds}. Commands are refused; what is shown is as of then. Look whether it runs "
    "and can be reached; all goes on by itself once it answers."
)
IMAGES_APART = (
    "{others} the same log, and images are kept in a folder of this machine: what one has kept the others cannot show. "
    "Keep them in one place: STORAGE_ROOT=s3://BUCKET/PREFIX."
)


def stale(place: str, seconds: float) -> str:
    """For whoever reads figures while the database is silent."""
    return STALE.format(place=_begun(place), seconds=_told(seconds))


def unreachable(place: str, seconds: float) -> str:
    """The same for an operator."""
    return UNREACHABLE.format(place=_begun(place), seconds=_told(seconds))


def images_apart(others: int) -> str:
    """For an operator whose processes share a log, and no images."""
    return IMAGES_APART.format(others=_begun(others_write(others)))


def others_write(others: int) -> str:
    """So many processes that write the same log: "2 other processes write"."""
    return "another process writes" if others == 1 else f"{others} other processes write"


def _told(seconds: float) -> str:
    return counted(round(seconds), "second")


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
