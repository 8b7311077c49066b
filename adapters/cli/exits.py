"""The exit codes of `abby`: what each means, and which one a refusal has. A fault carries its own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from domain.refusals import Reason


class Exit(IntEnum):
    """How a command ended. From 65 on the numbers follow sysexits.h."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    DATA = 65
    UNAVAILABLE = 69
    BUG = 70
    LOCKED = 73
    DISK = 74
    SETTINGS = 78
    STOPPED = 130


MEANINGS: Mapping[Exit, str] = MappingProxyType(
    {
        Exit.DONE: "done",
        Exit.REFUSED: "refused: a limit, a name that is not there; doctor: a failure; adopt: something skipped; "
        "audit, verify, replay: a finding; backup, restore, export: bytes or details missing",
        Exit.USAGE: "the command was written wrong, or names what cannot exist",
        Exit.DATA: "the log or a backup is damaged, foreign or missing, or images are only half adopted or restored",
        Exit.UNAVAILABLE: "the service or the image provider cannot be reached, or is busy; memory is short",
        Exit.BUG: "a defect of abby itself",
        Exit.LOCKED: "another program holds the log and has no address to ask",
        Exit.DISK: "the disk: full, unwritable or failing",
        Exit.SETTINGS: "a setting has a value that cannot be used",
        Exit.STOPPED: "stopped by Ctrl+C",
    }
)

REFUSAL_EXITS: Mapping[Reason, Exit] = MappingProxyType(
    {
        Reason.MALFORMED: Exit.USAGE,
        Reason.CLOCK_BEHIND: Exit.REFUSED,
        Reason.REQUEST_CONFLICT: Exit.REFUSED,
        Reason.REQUEST_RUNNING: Exit.REFUSED,
        Reason.NOT_FOUND: Exit.REFUSED,
        Reason.UNKNOWN_RESERVATION: Exit.REFUSED,
        Reason.NAME_TAKEN: Exit.REFUSED,
        Reason.LIMITS_CHANGED: Exit.REFUSED,
        Reason.OFFER_CHANGED: Exit.REFUSED,
        Reason.CLAIMED_TODAY: Exit.REFUSED,
        Reason.POINTS_SHORT: Exit.REFUSED,
        Reason.ASK_OPEN: Exit.REFUSED,
        Reason.ASK_LIMIT: Exit.REFUSED,
        Reason.ASK_CLOSED: Exit.REFUSED,
        Reason.NOT_ALLOWED: Exit.REFUSED,
        Reason.PRICE_UNKNOWN: Exit.REFUSED,
        Reason.DAILY_LIMIT: Exit.REFUSED,
        Reason.WINDOW_LIMIT: Exit.REFUSED,
        Reason.USER_STORAGE: Exit.REFUSED,
        Reason.POOL_STORAGE: Exit.REFUSED,
        Reason.BUSY: Exit.UNAVAILABLE,
        Reason.STOPPED: Exit.UNAVAILABLE,
    }
)


def epilog() -> str:
    """The table of exit codes for the end of `abby --help`."""
    return "\n".join(["Exit codes:", *(f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items())])
