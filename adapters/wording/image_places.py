"""What is said where the images of a log are not where they are looked for, or those of another log are there: what was
found, and what to do.
"""

from __future__ import annotations

from adapters.ports.image_store import Misplaced
from adapters.wording.figures import counted

CARRY = "abby migrate --to bucket"
GIVE_ANOTHER = "Give this log a prefix of its own in STORAGE_ROOT"


def of_another_log(place: str, theirs: str, ours: str, mark: str) -> Misplaced:
    """A prefix that says whose it is."""
    return Misplaced(
        f"{place} has the images of the log {theirs}, and this log is {ours}. Two logs never share a prefix: what "
        "belongs to one would be left over to the other. Nothing was changed there.",
        f"{GIVE_ANOTHER}, or put the log back that belongs there. If that one was given up for good, empty the prefix "
        f"first, {mark} too.",
    )


def of_nobody(place: str) -> Misplaced:
    """A prefix with images that says nothing."""
    return Misplaced(
        f"In {place} there are objects of images, none of which this log names, and nothing says whose they are. "
        "Nothing was changed there.",
        f"{GIVE_ANOTHER}, or empty that one if nobody needs what is in it.",
    )


def unreadable_owner(place: str, mark: str) -> Misplaced:
    """A prefix in which something else stands where it is said whose it is."""
    return Misplaced(
        f"Whose images are in {place} cannot be read: {place}/{mark} is none that this program wrote.",
        f"Find out who put it there. {GIVE_ANOTHER}, or remove that object: where images of this log are found there, "
        "it is written anew.",
    )


def not_in_bucket(place: str) -> Misplaced:
    """A log with images, and a prefix without one of them."""
    return Misplaced(
        f"Images stand by the log, and {place} has none of them: nobody could be shown one.",
        f"Run `{CARRY}`, which brings them there (docs/object-store.md), or correct STORAGE_ROOT. Where they are lost, "
        "it names them, and all goes on without.",
    )


def on_the_way(place: str) -> Misplaced:
    """A prefix to which images are being carried."""
    return Misplaced(
        f"The images of this log are only partly in {place}: `{CARRY}` was begun and has not ended.",
        "Run it again: it goes on where it stopped. Or set STORAGE_ROOT to the folder again, where all of them are.",
    )


def carried_away(place: str) -> Misplaced:
    """A prefix from which images were carried."""
    return Misplaced(
        f"The images of this log were carried from {place} into folders, and what was saved since is there alone.",
        f"Set STORAGE_ROOT to that folder, or run `{CARRY}`.",
    )


def not_in_folders(place: str, root: str, note: str) -> Misplaced:
    """A root of folders whose images are in a bucket."""
    return Misplaced(
        f"The images of this log are in {place}, and not below {root}: nobody could be shown one.",
        f"Set STORAGE_ROOT={place} and LOCAL_ROOT={root}, or with that run `abby migrate --to folders`. The file "
        f"{note} says so; where it is wrong, remove it.",
    )


def without_log(place: str) -> str:
    """Images of a log that is not there."""
    return (
        f"There is no log, and in {place} there are images of one: with a new log all quotas would begin at 0, and "
        "nobody would know whose they are. Put the log back where it was (LOCAL_ROOT, or its database), or begin a new "
        "one with another prefix in STORAGE_ROOT."
    )


def kept_for_a_log(place: str, theirs: str, mark: str) -> str:
    """A prefix without images, of a log that is not there."""
    return (
        f"There is no log, and {place} is that of the log {theirs or '(its id cannot be read)'}: with a new log "
        "all quotas would begin at 0. Put the log back where it was (LOCAL_ROOT, or its database), or begin a new one "
        f"with another prefix in STORAGE_ROOT. If that log was given up for good, remove {place}/{mark}, and start."
    )


def of_whom(objects: int) -> str:
    """Objects that no image needs, below a prefix that says nothing."""
    return (
        f"{counted(objects, 'object')} in the bucket {'is' if objects == 1 else 'are'} of no image that stands, and "
        "nothing there says whose they are. Start the service once: it looks whether they are those of this log, and "
        "says so there. Then run the command again."
    )
