"""What a command says and to whom: tables for people, JSON for programs, sentences on standard error.

With `--json` standard output holds JSON and nothing else, whatever happens: an answer, `{"refused": ...}` or
`{"error": ...}`, on one line each and in ASCII alone. Which figures there are is the commands' business.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from types import MappingProxyType
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from adapters.cli.exits import REFUSAL_EXITS
from adapters.ports.faults import DiskFull, Fault, LogDamaged, LogLocked
from adapters.wording.refusals import QUOTA_REASONS, sentence_of
from domain.refusals import Reason, Refusal

PIPED_WIDTH = 120
"""Columns of a table that goes to a file or another program."""

_NO_FIGURES: Mapping[str, Any] = MappingProxyType({})


class Refused(NamedTuple):
    """The answer "no". `reason` is one of the ledger's or the kind of a provider's failure; `figures` are a limit's."""

    reason: str
    message: str
    exit_code: int
    figures: Mapping[str, Any] = _NO_FIGURES


class Output:
    """Standard output and standard error of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a character that an old terminal has not is escaped, not a crash
                stream.reconfigure(errors="backslashreplace")
        self.console = _console()

    def answer(self, data: Mapping[str, Any], show: Callable[[Console], None]) -> None:
        """The answer: `data` for programs, or what `show` prints for people."""
        if self.as_json:
            self.json_line(data)
        else:
            show(self.console)

    def json_line(self, data: Mapping[str, Any]) -> None:
        """One JSON object on its line, sent at once."""
        sys.stdout.write(json.dumps(data) + "\n")
        sys.stdout.flush()

    def text_line(self, line: str, *, style: str = "") -> None:
        """One line of a list that may go on: cut to the width of a terminal, and whole for a file."""
        if self.console.is_terminal:
            self.console.print(Text(line, style=style), no_wrap=True, overflow="crop")
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def note(self, sentence: str) -> None:
        """A sentence beside the answer, for people."""
        if not self.as_json:
            _say(sentence)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Says on a terminal, while the block runs, what takes so long."""
        if self.as_json or not sys.stderr.isatty():
            yield
            return
        with Console(stderr=True).status(what):
            yield

    def refused(self, refused: Refused) -> int:
        """Says no; gives the exit code."""
        if self.as_json:
            self.json_line({"refused": {"reason": refused.reason, "message": refused.message, **refused.figures}})
        else:
            _say(refused.message)
        return int(refused.exit_code)

    def fault(self, fault: Fault) -> int:
        """Says what went wrong outside the rules; gives the exit code."""
        if self.as_json:
            self.json_line({"error": _described(fault)})
        else:
            _say(_in_words(fault))
        return fault.exit_code


def refused_of(refusal: Refusal) -> Refused:
    """A refusal of the ledger as it is told: its sentence, its exit code, and the figures of a limit."""
    figures: dict[str, Any] = {}
    if refusal.reason in QUOTA_REASONS:
        figures |= {"limit": refusal.limit, "used": refusal.used, "held": refusal.held}
    if refusal.resets_at is not None:
        figures["resets_at"] = refusal.resets_at
    return Refused(refusal.reason.value, sentence_of(refusal), REFUSAL_EXITS[refusal.reason], figures)


def malformed(sentence: str) -> Refused:
    """What is said to an argument that cannot be meant, before anything is opened."""
    return Refused(Reason.MALFORMED.value, sentence, REFUSAL_EXITS[Reason.MALFORMED])


def _console() -> Console:
    """For a terminal as wide as it is, in colour unless NO_COLOR is set; for a file of one width, without colour."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(file=sys.stdout, highlight=False, width=width, soft_wrap=False)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _in_words(fault: Fault) -> str:
    """What went wrong, for operators: of a full disk also which one it is."""
    if isinstance(fault, DiskFull) and fault.folder is not None:
        return f"{fault} It is the disk of {fault.folder}."
    return str(fault)


def _described(fault: Fault) -> dict[str, Any]:
    message = _in_words(fault)
    described: dict[str, Any] = {"kind": type(fault).__name__, "message": message, "exit_code": fault.exit_code}
    if isinstance(fault, LogDamaged):
        described |= {"position": fault.position, "offset": fault.offset}
    if isinstance(fault, LogLocked):
        described |= {"pid": fault.pid, "address": fault.address}
    return described
