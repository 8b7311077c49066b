"""What was counted of a limit of a window when a decision fell, what limits that were tried out would have refused, and
which grants bore what of it, in sentences.

Of a window that others share the record alone tells what was used, and no sentence names others.
"""

from __future__ import annotations

from adapters.wording.figures import counted, minute, size_in_words, wish
from adapters.wording.grants import draws_in_words
from adapters.wording.limits import amount_in_words, limit_in_general, unit_of
from adapters.wording.releases import RELEASED
from domain.events import (
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    LimitExceeded,
)
from domain.grants import Draw, Grant
from domain.limit_names import CREDITS, POOL_STORAGE, USER_STORAGE
from domain.refusals import limit_of
from projections.explanation import Explanation, Line, WindowUse


def of_windows(explanation: Explanation) -> list[tuple[str, list[str]]]:
    """Of each window that was too full: what was used and held of which limit, and by which lines."""
    return [(_used(use), [_line(use, line) for line in use.lines] if use.is_own else []) for use in explanation.windows]


def tried_out(explanation: Explanation) -> list[str]:
    """What limits would have refused that were only tried out."""
    return [_would_have(event) for event in explanation.events if isinstance(event, LimitExceeded)]


def of_grants(explanation: Explanation) -> list[str]:
    """Which grants bore what of a decision, and what went back to which."""
    lines = []
    for event in explanation.events:
        if isinstance(event, GenerationReserved):
            lines += [_drawn(draw, explanation.grants) for draw in event.drawn]
        elif isinstance(event, GenerationCompleted | GenerationReleased):
            lines += [f"{_capital(draws_in_words((draw,), 'went back to'))}." for draw in event.returned]
    return lines


def _used(use: WindowUse) -> str:
    unit = unit_of(use.name)
    held = f" and {amount_in_words(use.held, unit)} held" if use.held else ""
    used = f"{amount_in_words(use.used, unit)} of {amount_in_words(use.limit, unit)} were used{held}"
    shared = "" if use.is_own else " Others share this limit; which of them used it is no part of this user's lines."
    colon = ":" if use.is_own and use.lines else "."
    return f"Just before, {used} since {use.begins_on} ({limit_in_general(use.name)}){colon}{shared}"


def _line(use: WindowUse, line: Line) -> str:
    unit = unit_of(use.name)
    change = line.window_credits if unit == CREDITS else line.window_places
    more = amount_in_words(abs(change), unit)
    return (
        f"Position {line.position}, {minute(line.event.at)}: {more}{' less' if change < 0 else ''}, {_by(line.event)}."
    )


def _by(event: Event) -> str:
    match event:
        case GenerationReserved():
            return f"held for {wish(event.count, event.operation, event.style)}"
        case GenerationCompleted():
            return f"as {counted(event.count, 'picture')} cost another sum than was held"
        case GenerationReleased():
            return RELEASED[event.reason]
        case _:
            return "as a picture was kept"


def _would_have(event: LimitExceeded) -> str:
    name = limit_of(event)
    unit = unit_of(name)
    held = f" and {amount_in_words(event.held, unit)} held" if event.held else ""
    if unit == CREDITS:
        asked = amount_in_words(event.asked.credits, unit)
    elif name in {USER_STORAGE, POOL_STORAGE}:
        asked = size_in_words(event.asked.bytes)
    else:
        asked = amount_in_words(event.asked.count, unit)
    return (
        f"The limit of {limit_in_general(name)} is only tried out; it would have refused this: "
        f"{amount_in_words(event.used, unit)} of {amount_in_words(event.limit, unit)} were used{held}, and {asked} "
        "asked for."
    )


def _drawn(draw: Draw, grants: tuple[Grant, ...]) -> str:
    said = f"Beyond the limits, {draws_in_words((draw,))}"
    found = next((grant for grant in grants if grant.grant == draw.grant), None)
    if found is None:
        return f"{said}."
    left = amount_in_words(found.balance - draw.amount, draw.unit)
    given = f"given at position {found.number}, {minute(found.at)}"
    return f"{said}, {given}: {left} of {amount_in_words(found.amount, draw.unit)} left."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
