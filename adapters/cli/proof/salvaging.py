"""`abby salvage --to DIR`: a new log of what is provably whole, and a list of what is not. It needs no lock and changes
nothing of the storage root.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.access import log_of
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.faults import TargetRefused
from adapters.ports.log_reports import SalvagedLog
from adapters.wording.figures import counted


def salvage_log(invocation: Invocation, output: Output, to: Path) -> int:
    """Salvages the log, and tells what came of it."""
    root, engine = log_of(invocation.set_up())
    try:
        with collecting_no_garbage():
            done = engine.salvage(root, to, on_event=Projector().take)
    except TargetRefused as error:
        return output.refused(malformed(str(error)))
    output.answer(
        {
            "log": str(done.log),
            "list": str(done.left_out),
            "positions": done.positions,
            "size_bytes": done.size_bytes,
            "left_out": done.entries,
            "damage": done.damage.what if done.damage else None,
        },
        lambda console: _print(console, done),
    )
    return Exit.DONE


def _print(console: Console, done: SalvagedLog) -> None:
    whole = "The log is whole; all of it was copied." if done.damage is None and not done.entries else None
    up_to = "the damage" if done.damage is None or done.damage.ends_at is None else "where the log ends"
    lines = [
        whole or f"{counted(done.positions, 'event')} up to {up_to} are whole and stand in a new log.",
        f"New log   {done.log}",
        f"Left out  {counted(done.entries, 'entry', 'entries')}, listed in {done.left_out}",
        "Nothing was changed where the log stood. To go on with the new one, stop what uses the storage, move its",
        f"folder `logs` away, put {done.log.parent} in its place, and run `abby doctor`. Images that were saved after",
        "its end are unknown to it: `abby audit` names them, and `abby adopt` brings them in.",
    ]
    console.print(*lines, sep="\n", markup=False, soft_wrap=True)
