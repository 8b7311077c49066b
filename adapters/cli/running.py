"""Carries a command out and turns whatever ends it into words and an exit code. No expected fault shows a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import typer

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.ports.faults import Fault, StorageUnavailable

Work = Callable[[Invocation, Output], int]
"""A command: says what it has to say, gives the exit code, raises Faults."""

BUG = "abby has a defect: the lines above say where. Please report them; nothing that was acknowledged is lost.\n"


def carry_out(context: typer.Context, work: Work, *, as_json: bool) -> NoReturn:
    """Ends the program with the exit code of `work`."""
    raise typer.Exit(exit_code_of(work, context.find_object(Invocation) or Invocation(), Output(as_json=as_json)))


def exit_code_of(work: Work, invocation: Invocation, output: Output) -> int:
    """What `work` gives, or the code of what ended it."""
    try:
        code = work(invocation, output)
        sys.stdout.flush()
        return int(code)
    except Fault as fault:
        return output.fault(fault)
    except KeyboardInterrupt:
        return Exit.STOPPED
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        return output.fault(_of_the_disk(error))
    except Exception:  # noqa: BLE001 - whatever nobody expected is a defect, and must not look like a refusal
        traceback.print_exc()
        sys.stderr.write(BUG)
        return Exit.BUG


def _nobody_reads() -> int:
    """Whoever read the output has had enough, as `head` does: a quiet end, and no complaint from the last flush."""
    with suppress(OSError, ValueError):  # a standard output without a descriptor has nothing to flush into
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


def _of_the_disk(error: OSError) -> StorageUnavailable:
    where = f" {error.filename}" if error.filename else ""
    return StorageUnavailable(
        f"The file system refuses{where}: {error.strerror or error}. Check the path, its owner and its permissions, "
        "then run the command again."
    )
