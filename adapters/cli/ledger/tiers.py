"""`abby tiers`: which there are, what one shall be and whom that touches, and which a user has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.everybody import NOT_AGREED
from adapters.cli.ledger.tier_actions import Action
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import operations
from adapters.cli.reach.operations import Operations
from adapters.cli.tables import print_lines
from adapters.cli.times import instant
from adapters.wording.figures import counted
from adapters.wording.limits import NOBODY_LOSES
from adapters.wording.tiers import BY_HAND, BY_NONE, held_in_words, tier_in_words
from domain.limit_grammar import limits_of
from domain.limit_names import OF_A_USER
from domain.limits import MEGABYTE, UserLimits
from domain.names import malformed_tier, malformed_user
from domain.tier_commands import SeenTier
from domain.tiers import EVERYBODY, Tier

_NAMES = {
    Action.LIST: (),
    Action.DEFINE: ("TIER",),
    Action.REMOVE: ("TIER",),
    Action.OF: ("USER",),
    Action.ASSIGN: ("USER", "TIER"),
    Action.UNASSIGN: ("USER", "TIER"),
}
"""What is named after each action."""


class Parts(NamedTuple):
    """What a tier is made of, as it was written."""

    daily: int | None = None
    storage_mb: float | None = None
    limits: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    weight: int | None = None
    waiting: int | None = None


class Wanted(NamedTuple):
    """What is to be done, with which names, and why."""

    action: Action
    names: tuple[str, ...]
    parts: Parts
    until: str | None
    reason: str
    dry_run: bool
    yes: bool = False


def tiers(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Does it, and tells what is so then."""
    if sentence := _wrong(wanted):
        return output.refused(malformed(sentence))
    try:
        tier = tier_of(wanted) if wanted.action is Action.DEFINE else None
        until = None if wanted.until is None else instant(wanted.until)
    except ValueError as error:
        return output.refused(malformed(str(error)))
    with operations(invocation.set_up()) as ask:
        answer = _asked(ask, output, wanted, tier, until)
    if isinstance(answer, Refused):
        return output.refused(answer)
    output.answer(answer, lambda console: _print(console, answer))
    return 0


def tier_of(wanted: Wanted) -> Tier:
    """The tier that is written. Raises ValueError with a sentence for limits that are none."""
    parts, (key,) = wanted.parts, wanted.names
    try:
        windows = limits_of(", ".join(parts.limits), OF_A_USER)
    except ValueError as error:
        raise ValueError(f"In --limit, {error}.") from error
    user_bytes = None if parts.storage_mb is None else round(parts.storage_mb * MEGABYTE)
    return Tier(
        tier=key,
        limits=UserLimits(user_bytes, parts.daily, windows or None),
        groups=parts.groups,
        providers=parts.providers or None,
        models=parts.models or None,
        operations=parts.operations or None,
        weight=parts.weight,
        waiting=parts.waiting,
    )


def _wrong(wanted: Wanted) -> str | None:
    """Why what is written means nothing."""
    action, named = wanted.action, _NAMES[wanted.action]
    if len(wanted.names) != len(named):
        return f"Write it as: abby tiers {' '.join((action, *named))}."
    if action is not Action.DEFINE and wanted.parts != Parts():
        return "What a tier is made of is given with `define`, all of it: a definition replaces the former one."
    if wanted.until is not None and action is not Action.ASSIGN:
        return "--until is for a tier that is assigned by hand."
    if (wanted.dry_run or wanted.yes) and action not in {Action.DEFINE, Action.REMOVE}:
        return f"{'--dry-run' if wanted.dry_run else '--yes'} is for `define` and `remove`."
    checks = {"USER": malformed_user, "TIER": malformed_tier}
    return next((bad for what, name in zip(named, wanted.names, strict=True) if (bad := checks[what](name))), None)


def _asked(
    ask: Operations, output: Output, wanted: Wanted, tier: Tier | None, until: str | None
) -> Mapping[str, Any] | Refused:
    names, reason = wanted.names, wanted.reason
    match wanted.action:
        case Action.LIST:
            return ask.tiers()
        case Action.DEFINE | Action.REMOVE:
            return _changed(ask, output, wanted, tier)
        case Action.OF:
            return ask.user_tiers(names[0])
        case Action.ASSIGN:
            return ask.give_tier(names[0], names[1], reason, given=True, until=until)
        case _:
            return ask.give_tier(names[0], names[1], reason, given=False)


def _changed(ask: Operations, output: Output, wanted: Wanted, tier: Tier | None) -> Mapping[str, Any] | Refused:
    """The change as it was shown, and not where somebody else changed the tier meanwhile. Who would be over a limit by
    it, or would lose the tier, is asked about first.
    """
    key = wanted.names[0]
    step = ask.tier_step(key, tier, wanted.reason)
    if wanted.dry_run or isinstance(step, Refused):
        return step
    if (step["over"] or step["leaving"]) and not wanted.yes:
        told = " ".join(_step_lines(step))
        if not output.may_ask() or not output.asked(f"{told} Shall it be done?"):
            advice = "Nothing was changed. Run the command again with --yes to do it."
            return Refused(NOT_AGREED, f"{told} {advice}", Exit.REFUSED)
    former = None if step["former"] is None else _tier_of(step["former"])
    return ask.define_tier(key, tier, wanted.reason, SeenTier(former))


def _print(console: Console, answer: Mapping[str, Any]) -> None:
    if "tiers" in answer:
        print_lines(console, *(map(_tier, answer["tiers"]) if answer["tiers"] else ["There are no tiers."]))
    elif "held" in answer:
        _print_held(console, answer)
    else:
        _print_step(console, answer)


def _print_held(console: Console, answer: Mapping[str, Any]) -> None:
    held = [f"{one['tier']}: {_why(one)}" for one in answer["held"]]
    together = answer["together"]
    print_lines(console, *(held or [f"{answer['user']} has no tier."]))
    if held:
        print_lines(console, f"Together {_tier({**together, 'tier': together['tier'] or EVERYBODY})}")


def _print_step(console: Console, step: Mapping[str, Any]) -> None:
    print_lines(console, *_step_lines(step), *([] if step["changed"] else ["Nothing was changed."]))


def _step_lines(step: Mapping[str, Any]) -> list[str]:
    """From what to what, who has it then, and who would be over a limit."""
    former, wanted = step["former"], step["wanted"]
    now, then = ("It is", "It would be") if step["dry_run"] else ("It was", "It is")
    lines = [] if former is None else [f"{now} {_tier(former)}."]
    lines.append(f"{then} no more." if wanted is None else f"{then} {_tier(wanted)}.")
    lines.append(
        f"As far as the log knows, {counted(step['members'], 'user')} with it, {step['joining']} of them new; "
        f"{step['leaving']} without it now."
    )
    if step["over"]:
        named = ", ".join(step["named"])
        lines.append(f"Over a limit then, and not now: {counted(step['over'], 'user')} ({named}). {NOBODY_LOSES}")
    return lines


def _why(held: Mapping[str, Any]) -> str:
    by = held["group"] or (BY_NONE if held["tier"] == EVERYBODY else BY_HAND)
    return held_in_words(by, held["place"], held["until"])


def _tier(told: Mapping[str, Any]) -> str:
    return tier_in_words(_tier_of(told))


def _tier_of(told: Mapping[str, Any]) -> Tier:
    """A tier as it is told to programs."""
    lists = {name: None if told[name] is None else tuple(told[name]) for name in ("providers", "models", "operations")}
    return Tier(
        tier=told["tier"],
        limits=UserLimits(told["user_bytes"], told["daily"], limits_of(told["limits"], OF_A_USER) or None),
        groups=tuple(told["groups"]),
        weight=told["weight"],
        waiting=told["waiting"],
        **lists,
    )
