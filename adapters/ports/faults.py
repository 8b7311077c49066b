"""The tree of faults: what went wrong outside the rules, each with the exit code a command answers with.

A refusal (an ordinary "no") is a value, `domain.decisions.Refusal`; a bug is a failed assertion. Everything here is
neither: a disk, a lock, a damaged file or a setting that stands in the way. Every message says what happened, why, and
what to do. Exit codes follow sysexits.h (65 data, 73 cannot create, 74 input/output, 78 configuration).
"""

from __future__ import annotations


class Fault(Exception):
    """Something outside the rules went wrong; the message is fit to be shown to the operator."""

    exit_code = 70


class ConfigError(Fault):
    """A setting has a value that cannot be used; the message names the variable and what it accepts."""

    exit_code = 78


class TargetRefused(ConfigError):
    """A folder that an argument names, and no setting, is not one that may be written into."""


class StorageUnavailable(Fault):
    """The storage root cannot be made or written."""

    exit_code = 74


class LogLocked(Fault):
    """Another process writes this log. `pid` and `address` (of its service) are None where they are not known."""

    exit_code = 73

    def __init__(self, message: str, *, pid: int | None = None, address: str | None = None) -> None:
        super().__init__(message)
        self.pid = pid
        self.address = address


class LogDamaged(Fault):
    """The log contradicts itself or its watermark. `position` and `offset` (bytes) say where, if that is known; `what`
    is set for a line whose hash fits and that is no event, or none that can stand there, and for a file that is no log
    of ours: it says why. `looks_like` are the kinds of tampering that leave such a log, the likelier first, where that
    was looked at.
    """

    exit_code = 65

    def __init__(
        self,
        message: str,
        *,
        position: int | None = None,
        offset: int | None = None,
        what: str | None = None,
        looks_like: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.position = position
        self.offset = offset
        self.what = what
        self.looks_like = looks_like


class LogForeign(LogDamaged):
    """A file stands where the log belongs, and it is not one of ours: it is left alone."""


class LogMissing(LogDamaged):
    """There is no log, although images, a watermark or snapshots say that there was one."""


class AdoptionUnfinished(Fault):
    """Existing images were being brought in, and that has not ended yet."""

    exit_code = 65


class RestoreUnfinished(Fault):
    """A backup was being brought into a storage root, and that has not ended yet."""

    exit_code = 65


class BackupDamaged(Fault):
    """A backup is not as it was written, or there is none: nothing can be made of it."""

    exit_code = 65


class DiskFull(Fault):
    """The disk has no room; nothing of the batch was kept, and the log is whole.

    Its message is fit for users, who hear it too, so it names no folder: that is in `folder`, where it is known.
    """

    exit_code = 74

    def __init__(self, message: str, *, folder: str | None = None) -> None:
        super().__init__(message)
        self.folder = folder


GOES_ON = "Make room there and run the command again: it goes on where it stopped."
ANEW = "Make room there and empty the folder, or name one on another disk with --to, and run the command again."
ELSEWHERE = "Nothing is left of it. Make room there, or name a file on another disk, and run the command again."


def no_room_for(what: str, folder: object, then: str) -> DiskFull:
    """Of something new that a command writes and its disk has no room for: what it is, and what to do then."""
    return DiskFull(f"The disk has no room for {what}. {then}", folder=str(folder))


class LedgerStopped(Fault):
    """The ledger has stopped for good after a fault; a command that was under way has an unknown outcome."""

    exit_code = 74


class OutcomeUnknown(LedgerStopped):
    """The disk has not answered for long, so whether a command is recorded is not known yet: to its caller it is as if
    the ledger had stopped, and to others it goes on once the disk answers.
    """


def exit_code_of(fault: BaseException) -> int:
    """The code that a command ends with. Where damage of the log stopped the ledger it is that of damage, wherever it
    was found: a supervisor that starts it again changes nothing.
    """
    cause: BaseException | None = fault
    while isinstance(fault, LedgerStopped) and cause is not None:
        if isinstance(cause, LogDamaged):
            return cause.exit_code
        cause = cause.__cause__
    return fault.exit_code if isinstance(fault, Fault) else LedgerStopped.exit_code
