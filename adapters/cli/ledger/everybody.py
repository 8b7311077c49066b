"""`abby limits --everybody`: from what to what, who would be over it, and then the change, as it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from adapters.application.window_figures import windows_told
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.further import Further, tried_after, windows_after
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import operations
from adapters.cli.reach.operations import Operations
from adapters.cli.tables import print_lines
from adapters.wording.limits import (
    NOBODY_LOSES,
    over_in_words,
    over_windows_in_words,
    step_in_words,
    tried_steps,
    window_steps,
)
from domain.limits import SharedLimits

NOT_AGREED = "NOT_AGREED"


def change_for_everybody(  # noqa: PLR0913 - what is wanted, why, and how
    invocation: Invocation,
    output: Output,
    wanted: SharedLimits,
    further: Further,
    reason: str,
    *,
    dry_run: bool,
    yes: bool,
) -> int:
    """Changes the limits as they were shown, and not where somebody else changed them meanwhile."""
    with operations(invocation.set_up()) as ask:
        asked = _with_further(ask, wanted, further, reason)
        if isinstance(asked, Refused):
            return output.refused(asked)
        wanted = asked
        step = ask.policy_step(wanted, reason)
        if not dry_run and not isinstance(step, Refused):
            former = _limits(step["former"])
            seen = SharedLimits(**{name: former[name] for name in wanted.given})
            step = _not_agreed(output, step, yes=yes) or ask.change_policy(wanted, seen, reason)
    if isinstance(step, Refused):
        return output.refused(step)
    told = step
    output.answer(told, lambda console: _print(console, told))
    return 0


def _with_further(ask: Operations, wanted: SharedLimits, further: Further, reason: str) -> SharedLimits | Refused:
    """What is wanted, with the further limits as they would be: what the options do not name stays as it is."""
    if not further.limits and not further.shadow:
        return wanted
    held = ask.policy_step(SharedLimits(), reason)
    if isinstance(held, Refused):
        return held
    former = _limits(held["former"])
    try:
        if further.limits:
            wanted = wanted._replace(windows=windows_after(former["windows"], further.limits))
        if further.shadow:
            wanted = wanted._replace(unenforced=tried_after(former["unenforced"], further))
    except ValueError as error:
        return malformed(f"{error}.")
    return wanted


def _limits(told: Mapping[str, Any]) -> dict[str, Any]:
    """Limits for everybody as they were told, as the ledger has them."""
    return {**told, "windows": windows_told(told["windows"]), "unenforced": tuple(told["unenforced"])}


def _over(step: Mapping[str, Any]) -> str | None:
    """Who would be over, in words."""
    over = step["over"]
    told = [one for one in (over_in_words(over), over_windows_in_words(over["windows"])) if one]
    return " ".join(told) or None


def _not_agreed(output: Output, step: Mapping[str, Any], *, yes: bool) -> Refused | None:
    """The refusal to do what leaves somebody over a limit, where nobody said yes to that."""
    over = _over(step)
    if yes or over is None or step["former"] == step["limits"]:
        return None
    if output.may_ask() and output.asked(f"{_step(step)} {over} {NOBODY_LOSES} Shall it be done?"):
        return None
    advice = "Nothing was changed. Run the command again with --yes to do it."
    return Refused(NOT_AGREED, f"{_step(step)} {over} {advice}", Exit.REFUSED)


def _step(step: Mapping[str, Any]) -> str:
    """From what to what."""
    former, limits = _limits(step["former"]), _limits(step["limits"])
    numbers = [name for name in limits if former[name] != limits[name] and name not in {"windows", "unenforced"}]
    changes = [
        *(step_in_words(name, former[name], limits[name]) for name in numbers),
        *window_steps(former["windows"], limits["windows"]),
        *tried_steps(former["unenforced"], limits["unenforced"]),
    ]
    return f"For everybody: {'; '.join(changes)}." if changes else "The limits for everybody are so already."


def _print(console: Console, step: Mapping[str, Any]) -> None:
    over = _over(step)
    print_lines(console, _step(step), *([] if over is None else [f"{over} {NOBODY_LOSES}"]))
    if step["dry_run"]:
        print_lines(console, "Nothing was changed.")
