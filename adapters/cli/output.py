"""What a command says and to whom: tables for people, JSON for programs, sentences on standard error.

With `--json` standard output holds JSON and nothing else, whatever happens: an answer, `{"refused": ...}` or
`{"error": ...}`, on one line each and in ASCII alone. Which figures there are is the commands' business. A reader who
has gone, as `head` does, is no failure; an output that cannot be written is raised as `Unwritable`.
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

from adapters.cli import streams
from adapters.cli.exits import REFUSAL_EXITS, Exit
from adapters.ports.faults import DiskFull, Fault, LogDamaged, LogLocked, exit_code_of
from adapters.wording.refusals import LIMIT_REASONS, figures_of, sentence_of
from domain.refusals import Reason, Refusal

PIPED_WIDTH = 100_000
"""Columns of what goes to a file or another program: nothing is wrapped there, as nobody knows how wide it is read."""

DEFECT = "abby has a defect; standard error says where. Nothing that was acknowledged is lost."
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
            _sent(lambda: show(self.console))

    def json_line(self, data: Mapping[str, Any]) -> bool:
        """One JSON object on its line, sent at once; False where nobody reads any more."""
        return self._write(json.dumps(data))

    def text_line(self, line: str, *, style: str = "") -> bool:
        """One line of a list that may go on, sent at once and never cut; False where nobody reads any more."""
        if not self.console.is_terminal:
            return self._write(line)
        return _sent(lambda: self.console.print(Text(line, style=style), soft_wrap=True))

    def is_read(self) -> bool:
        """Whether somebody still reads, as far as that can be known before something is written."""
        return not streams.nobody_reads(sys.stdout)

    def note(self, sentence: str) -> None:
        """A sentence beside the answer, for people."""
        if not self.as_json:
            streams.say(sentence)

    def doubted(self, doubt: str | None) -> None:
        """That more may have been recorded than what is told here, where that is so; for programs too."""
        if doubt is not None:
            streams.say(doubt)

    def may_ask(self) -> bool:
        """Whether somebody sits there who can be asked."""
        return not self.as_json and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    def asked(self, question: str) -> bool:
        """Asks a person; anything but a clear yes is a no."""
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

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
            streams.say(refused.message)
        return int(refused.exit_code)

    def fault(self, fault: Fault) -> int:
        """Says what went wrong outside the rules; gives the exit code."""
        if self.as_json:
            self.json_line({"error": _described(fault)})
        else:
            streams.say(_in_words(fault))
        return exit_code_of(fault)

    def defect(self) -> int:
        """Ends a command that met a defect, which has been told on standard error; gives the exit code."""
        if self.as_json:
            self.json_line({"error": {"kind": "Defect", "message": DEFECT, "exit_code": int(Exit.BUG)}})
        return Exit.BUG

    def _write(self, line: str) -> bool:
        return _sent(lambda: sys.stdout.write(line + "\n"))


def refused_of(refusal: Refusal) -> Refused:
    """A refusal of the ledger as it is told: its sentence, its exit code, and the figures of a limit."""
    figures: dict[str, Any] = {}
    if refusal.reason in LIMIT_REASONS:
        figures |= figures_of(refusal)
    if refusal.window is not None:
        figures["window"] = refusal.window
    if refusal.resets_at is not None:
        figures["resets_at"] = refusal.resets_at
    return Refused(refusal.reason.value, sentence_of(refusal), REFUSAL_EXITS[refusal.reason], figures)


def malformed(sentence: str) -> Refused:
    """What is said to an argument that cannot be meant, before anything is opened."""
    return Refused(Reason.MALFORMED.value, sentence, REFUSAL_EXITS[Reason.MALFORMED])


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Hands the error on: rich would end the program here, with an exit code of its own."""
        raise  # noqa: PLE0704 - rich calls this while it handles the error


def _console() -> Console:
    """For a terminal as wide as it is, in colour unless NO_COLOR is set; for a file of one width, without colour."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return _Console(file=sys.stdout, highlight=False, width=width, soft_wrap=False)


def _sent(write: Callable[[], object]) -> bool:
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        streams.give_up(sys.stdout)
        return False
    except OSError as error:  # told apart here, as a stream without a buffer holds nothing that would fail again later
        streams.give_up(sys.stdout)
        raise streams.Unwritable(error.errno, error.strerror) from error
    return True


def _in_words(fault: Fault) -> str:
    """What went wrong, for operators: of a full disk also which one it is."""
    if isinstance(fault, DiskFull) and fault.folder is not None:
        return f"{fault} It is the disk of {fault.folder}."
    return str(fault)


def _described(fault: Fault) -> dict[str, Any]:
    message = _in_words(fault)
    described: dict[str, Any] = {"kind": type(fault).__name__, "message": message, "exit_code": exit_code_of(fault)}
    if isinstance(fault, LogDamaged):
        described |= {"position": fault.position, "offset": fault.offset, "looks_like": list(fault.looks_like)}
    if isinstance(fault, LogLocked):
        described |= {"pid": fault.pid, "address": fault.address}
    return described
