"""`abby limits --everybody`: from what to what, who would be over it, and then the change, as it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused
from adapters.cli.reach.access import operations
from adapters.cli.tables import print_lines
from adapters.wording.limits import NOBODY_LOSES, over_in_words, step_in_words
from domain.limits import SharedLimits

NOT_AGREED = "NOT_AGREED"


def change_for_everybody(
    invocation: Invocation, output: Output, wanted: SharedLimits, reason: str, *, dry_run: bool, yes: bool
) -> int:
    """Changes the limits as they were shown, and not where somebody else changed them meanwhile."""
    with operations(invocation.set_up()) as ask:
        step = ask.policy_step(wanted, reason)
        if not dry_run and not isinstance(step, Refused):
            seen = SharedLimits(**{name: step["former"][name] for name in wanted.given})
            step = _not_agreed(output, step, yes=yes) or ask.change_policy(wanted, seen, reason)
    if isinstance(step, Refused):
        return output.refused(step)
    told = step
    output.answer(told, lambda console: _print(console, told))
    return 0


def _not_agreed(output: Output, step: Mapping[str, Any], *, yes: bool) -> Refused | None:
    """The refusal to do what leaves somebody over a limit, where nobody said yes to that."""
    over = over_in_words(step["over"])
    if yes or over is None or step["former"] == step["limits"]:
        return None
    if output.may_ask() and output.asked(f"{_step(step)} {over} {NOBODY_LOSES} Shall it be done?"):
        return None
    advice = "Nothing was changed. Run the command again with --yes to do it."
    return Refused(NOT_AGREED, f"{_step(step)} {over} {advice}", Exit.REFUSED)


def _step(step: Mapping[str, Any]) -> str:
    """From what to what."""
    former, limits = step["former"], step["limits"]
    changes = [step_in_words(name, former[name], limits[name]) for name in limits if former[name] != limits[name]]
    return f"For everybody: {'; '.join(changes)}." if changes else "The limits for everybody are so already."


def _print(console: Console, step: Mapping[str, Any]) -> None:
    over = over_in_words(step["over"])
    print_lines(console, _step(step), *([] if over is None else [f"{over} {NOBODY_LOSES}"]))
    if step["dry_run"]:
        print_lines(console, "Nothing was changed.")
