"""Standard output and standard error where they cannot be written: closed, full, or with nobody left who reads.

A stream that has failed is given up: what goes there from then on is thrown away, so that neither a later line nor the
end of the program stumbles over it again. What is said of it, and with which exit code, is for `running` to say.
"""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import TextIO


class Unwritable(OSError):
    """Standard output cannot be written; no other file of the command is meant."""


def stand_in_for_closed() -> None:
    """A program may be started without these streams (`>&-`): nobody wants them then, and nothing else takes their
    numbers.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - it lives as long as the program


def give_up(stream: TextIO) -> None:
    """Throws away what the stream still holds and what is yet to come."""
    with suppress(OSError, ValueError):  # a stream without a descriptor has nothing to be led elsewhere
        number, nowhere = stream.fileno(), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        stream.flush()


def say(sentence: str) -> None:
    """A line on standard error, where that can be written; where not, nobody is left to tell."""
    try:
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
    except OSError:
        give_up(sys.stderr)


def trouble(stream: TextIO) -> OSError | None:
    """Why what a stream holds cannot be written, None where it can; the stream is given up then."""
    try:
        stream.flush()
    except OSError as error:
        give_up(stream)
        return error
    return None


def nobody_reads(stream: TextIO) -> bool:
    """Whether whoever read the stream is gone, before anything is written; only a write finds out on Windows."""
    if not hasattr(select, "poll"):
        return False
    asked = select.poll()
    try:
        asked.register(stream.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(state & (select.POLLERR | select.POLLHUP) for _, state in asked.poll(0))
