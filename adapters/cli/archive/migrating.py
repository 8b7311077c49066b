"""`abby migrate`: the log is carried into a database, or out of it, and what to do next is told."""

from __future__ import annotations

from typing import Any, Literal

from rich.console import Console

from adapters.bootstrap.storage import files_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.everybody import NOT_AGREED
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.progress import bar
from adapters.cli.tables import print_lines, printable
from adapters.engines.choice import DEFAULT_MODULE, POSTGRES_MODULE
from adapters.engines.moving import Moving
from adapters.ports.clock import utc_now
from adapters.ports.faults import TargetRefused
from adapters.ports.log_reports import MovedLog
from adapters.wording.figures import counted, size_in_words

To = Literal["postgres", "jsonl"]

QUESTIONS = {
    "postgres": (
        "The log below {root} is brought into {place}. Its file stays as it is, and the root is a copy of that "
        "database then. Nothing may write the log meanwhile."
    ),
    "jsonl": (
        "The log in {place} is brought below {root}, and is written there alone then. The database stays as it is. "
        "Nothing may use it meanwhile."
    ),
}
AFTER_SETTING = {
    "postgres": ", beside the POSTGRES_ settings that this command used.",
    "jsonl": (
        " for this root, and let no other process go on with the database: it is as it was, and what would be recorded "
        "there from here on is missing here."
    ),
}
START = "Start the service; `abby verify` and `abby status USER` tell of the log as before."
LAST = {
    "postgres": (
        "Before a further process starts, bring the images into a bucket, as each reaches the files below its own root "
        "alone: `abby migrate --to bucket`. Then give it the same settings and an empty folder of its own; its copy is "
        "made when it starts first."
    ),
    "jsonl": (
        "Bring the images here too where they lie elsewhere (`abby audit` names those that are missing). Keep the "
        "database until there is a backup of the root, then remove it."
    ),
}


def migrate(invocation: Invocation, output: Output, to: To, *, yes: bool) -> int:
    """Carries the log, where somebody said yes to that, and tells what to do next."""
    config = invocation.set_up()
    root = config.storage.storage_root
    moving = Moving(root, config.log_keeper.environment, files_of(config))
    if (refused := _not_agreed(output, QUESTIONS[to].format(root=root, place=moving.place), yes=yes)) is not None:
        return output.refused(refused)
    try:
        with bar(output, "Carrying the log and reading it back") as progress:
            moved = moving.to_postgres(progress) if to == "postgres" else moving.to_jsonl(utc_now, progress)
    except TargetRefused as error:
        return output.refused(malformed(str(error)))
    next_steps = _next_steps(to, config.log_keeper.module)
    output.answer(_answer(to, moved, next_steps), lambda console: _print(console, to, moved, next_steps))
    return Exit.DONE


def _not_agreed(output: Output, what: str, *, yes: bool) -> Refused | None:
    if yes or (output.may_ask() and output.asked(f"{what} Shall it be done?")):
        return None
    return Refused(NOT_AGREED, f"{what} Nothing was changed. Run the command again with --yes to do it.", Exit.REFUSED)


def _next_steps(to: To, module: str) -> list[str]:
    """What the operator does now, in order."""
    wanted = POSTGRES_MODULE if to == "postgres" else DEFAULT_MODULE
    setting = "PERSISTENCE_MODULE is set so already" if module == wanted else f"Set PERSISTENCE_MODULE={wanted}"
    return [setting + AFTER_SETTING[to], START, LAST[to]]


def _answer(to: To, moved: MovedLog, next_steps: list[str]) -> dict[str, Any]:
    """What was carried, for programs."""
    return {
        "to": to,
        "log": printable(moved.log),
        "database": printable(moved.database),
        "log_id": moved.log_id,
        "position": moved.position,
        "hash": moved.digest,
        "size_bytes": moved.size_bytes,
        "brought": moved.brought,
        "next": next_steps,
    }


def _print(console: Console, to: To, moved: MovedLog, next_steps: list[str]) -> None:
    where = moved.database if to == "postgres" else moved.log
    size = f"{counted(moved.position, 'event')} ({size_in_words(moved.size_bytes)})"
    print_lines(
        console,
        f"Carried over: the log is in {printable(where)}, {size}, {moved.brought:,} of them brought now; all of it was "
        "read back.",
        style="green",
    )
    print_lines(
        console,
        f"Log        {moved.log_id}",
        f"Last hash  {moved.digest}",
        "",
        "What to do next:",
        *(f"  {number}. {step}" for number, step in enumerate(next_steps, 1)),
    )
