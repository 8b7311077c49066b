"""Carries a command line out and turns whatever ends it into words and an exit code. No expected fault shows a
traceback.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from adapters.cli import streams
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.disk.files import is_disk_full
from adapters.ports.faults import DiskFull, Fault, StorageUnavailable

Work = Callable[[Invocation, Output], int]
"""A command: says what it has to say, gives the exit code, raises Faults."""

BUG = "abby has a defect: the lines above say where. Please report them; nothing that was acknowledged is lost."
MAKE_ROOM = "Make room there, then run the command again."
MEMORY_SHORT = (
    "The command needs more memory than it is given. End what else takes memory, ask for less at once, or raise what "
    "this account or container may take; nothing that was acknowledged is lost."
)
NOT_WRITTEN = (
    "Standard output cannot be written ({}), so the answer is lost; what the command had to change is changed. Run it "
    "again with an output that has room where the answer is needed."
)
WrongUse: type[Exception] = typer.BadParameter.__mro__[1]
"""What typer raises for a command line that it does not understand; it has no public name."""


class MemoryShort(Fault):
    """The program was given no more memory."""

    exit_code = Exit.UNAVAILABLE


def run(app: typer.Typer, words: Sequence[str]) -> int:
    """Runs the command that the words ask for; the exit code, whatever ends it and wherever its output goes."""
    streams.stand_in_for_closed()
    try:
        code = _run(app, words)
    except BrokenPipeError:
        code = Exit.DONE
    except OSError as error:
        code = _not_written(error)
    finally:
        lost = streams.trouble(sys.stdout)
        streams.trouble(sys.stderr)
    return int(code if lost is None or isinstance(lost, BrokenPipeError) else _not_written(lost))


def carry_out(context: typer.Context, work: Work, *, as_json: bool) -> NoReturn:
    """Ends the program with the exit code of `work`."""
    if not gc.isenabled():
        gc.freeze()  # what was imported stays to the end
        gc.enable()
    raise typer.Exit(exit_code_of(work, context.find_object(Invocation) or Invocation(), Output(as_json=as_json)))


def exit_code_of(work: Work, invocation: Invocation, output: Output) -> int:
    """What `work` gives, or the code of what ended it. Raises OSError where standard output cannot be written."""
    try:
        return int(work(invocation, output))
    except Fault as fault:
        return output.fault(fault)
    except KeyboardInterrupt:
        return Exit.STOPPED
    except BrokenPipeError:
        streams.give_up(sys.stdout)
        return Exit.DONE
    except streams.Unwritable:
        raise
    except OSError as error:
        if lost := streams.trouble(sys.stdout):
            raise lost from error
        return output.fault(_of_the_disk(error))
    except MemoryError:
        return output.fault(MemoryShort(MEMORY_SHORT))
    except Exception:  # noqa: BLE001 - whatever nobody expected is a defect, and must not look like a refusal
        return _defect(output)


def _run(app: typer.Typer, words: Sequence[str]) -> int:
    try:
        code = app(args=list(words), prog_name="abby", standalone_mode=False)
    except SystemExit:  # so typer and rich end a help text of which nobody reads the rest
        return Exit.DONE
    except WrongUse as error:
        return _told(error, as_json=asks_for_json(words))
    return code if isinstance(code, int) else Exit.DONE


def asks_for_json(words: Sequence[str]) -> bool:
    """Whether a command line that was not understood asked for JSON."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _told(error: Exception, *, as_json: bool) -> int:
    """Says what is wrong with a command line."""
    if as_json:
        return Output(as_json=True).refused(malformed(_sentence(error)))
    from typer.rich_utils import rich_format_error

    with suppress(OSError, SystemExit):  # nobody is left to tell
        rich_format_error(error)  # type: ignore[arg-type]  # typer's own type for it has no public name
    return Exit.USAGE


def _sentence(error: Exception) -> str:
    said = " ".join(error.format_message().split())  # type: ignore[attr-defined]  # every WrongUse has it
    command = getattr(getattr(error, "ctx", None), "command_path", "abby")
    return f"{said.removesuffix('.')}. `{command} --help` says what can be asked."


def _not_written(error: OSError) -> int:
    streams.give_up(sys.stdout)
    streams.say(NOT_WRITTEN.format(error.strerror or error))
    return Exit.DISK


def _defect(output: Output) -> int:
    with suppress(OSError):
        traceback.print_exc()
    streams.say(BUG)
    return output.defect()


def _of_the_disk(error: OSError) -> Fault:
    where = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    if is_disk_full(error):
        return DiskFull(f"The disk has no room for what the command writes{where}. {MAKE_ROOM}")
    return StorageUnavailable(
        f"The file system refuses{where}: {error.strerror or error}. Check the path, its owner and its permissions, "
        "then run the command again."
    )
