"""A digest in words: its rows, this week beside the last, and its sentences.

Where it is shown (Discord, a terminal, JSON) is elsewhere. What can be done about something differs there: that is
handed in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from adapters.reports.charts import OUTCOMES, REASONS
from adapters.reports.digest import Advice, AdviceKind, Digest
from adapters.reports.wording import cell, foretold, in_words
from adapters.wording.figures import counted
from projections.iso_weeks import Week
from projections.weekly_figures import Figures

WENT_WRONG = ("failed", "rejected", "moderated", "not_kept", "expired", "unknown")
"""Ends of a generation that nobody wanted; who cancels does."""
NOTHING = "Nothing was made or asked for in this week."


class Row(NamedTuple):
    """A figure of this week and of the one before, in words. `icon` is for where there is room for one."""

    icon: str
    name: str
    this: str
    former: str


class Todo(NamedTuple):
    """What whoever reads can do, by the names of commands and settings that are theirs."""

    limits: str
    room: str
    look: str


def title(week: Week) -> str:
    """Which week it is."""
    begin, end = week.monday, week.sunday
    first = f"{begin.day}" if begin.month == end.month else f"{begin.day} {begin:%B}"
    first += "" if begin.year == end.year else f" {begin.year}"
    return f"Week {week.name[-2:]}: {first} to {end.day} {end:%B} {end.year}"


def headline(digest: Digest) -> str:
    """The week in a sentence."""
    this, former = digest.this, digest.former
    if this.is_empty:
        return NOTHING
    said = f"{counted(this.made, 'picture')} by {counted(this.users, 'person', 'people')}"
    if not former.made:
        return f"{said}; none the week before."
    change = round(100 * (this.made - former.made) / former.made)
    if change == 0:
        return f"{said}, as many as the week before."
    return f"{said}, {abs(change):,} % {'more' if change > 0 else 'fewer'} than the week before."


def rows(digest: Digest) -> list[Row]:
    """The figures of the digest, this week beside the last."""
    this, former = digest.this, digest.former
    told = (
        ("🎨", "Made", lambda of: cell("made", of.made)),
        ("🚫", "Refused", _refused),
        ("💾", "Kept", lambda of: cell("kept_bytes", of.added_bytes)),
        ("📈", "Growth", lambda of: cell("growth_bytes", of.growth_bytes)),
        ("💳", "Credits", lambda of: cell("credits", of.credits)),
        ("⏱️", "Seconds", _seconds),
    )
    return [Row(icon, name, say(this), say(former)) for icon, name, say in told]


def went_wrong(figures: Figures) -> str:
    """The failures by their kind, the most frequent first; "" where there was none."""
    found = sorted((-figures.releases[name], OUTCOMES[name]) for name in WENT_WRONG if figures.releases[name])
    return " · ".join(f"{-count:,} {word}" for count, word in found)


def storage(digest: Digest) -> str:
    """How full the storage of all is, and until when it lasts."""
    ahead = digest.forecast
    share = f"{round(100 * ahead.used_bytes / ahead.pool_bytes)} % full. " if ahead.pool_bytes else ""
    return share + in_words(ahead)


def advice_in_words(advice: Advice | None, todo: Todo) -> str | None:
    """What to look at, and what to do about it."""
    if advice is None:
        return None
    refusals = counted(advice.count, "refusal")
    match advice.kind:
        case AdviceKind.POOL_FULL:
            met = f", with {refusals}" if advice.count else ""
            return f"Storage is full{met}: nobody can make or keep pictures. {todo.room}"
        case AdviceKind.POOL_SOON:
            return f"Storage is full within a month at this pace. {todo.room}"
        case AdviceKind.REFUSED_POOL:
            return f"{refusals} because the storage of all was full. {todo.room}"
        case AdviceKind.FAILING:
            return f"{counted(advice.count, 'generation')} failed, one in five or more. {todo.look}"
        case AdviceKind.REFUSED_DAILY:
            limit = "" if advice.limit is None else f" of {advice.limit:,}"
            return f"{refusals} by the daily limit{limit}. {todo.limits}"
        case AdviceKind.REFUSED_WINDOW:
            return f"{refusals} by limits of a day, week or month. {todo.limits}"
        case AdviceKind.REFUSED_USER:
            return f"{refusals} because a member's own storage was full. {todo.limits}"


def described(digest: Digest, todo: Todo) -> dict[str, Any]:
    """The digest for programs."""
    advice = digest.advice
    return {
        "position": digest.position,
        "week": digest.week.name,
        "first_day": digest.week.monday.isoformat(),
        "last_day": digest.week.sunday.isoformat(),
        "guild": digest.guild,
        "this": _figures(digest.this),
        "former": _figures(digest.former),
        "forecast": foretold(digest.forecast),
        "advice": None
        if advice is None
        else {**advice._asdict(), "kind": advice.kind.value, "sentence": advice_in_words(advice, todo)},
    }


def _figures(figures: Figures) -> dict[str, Any]:
    makers = [maker._asdict() for maker in figures.makers]
    return {**figures._asdict(), "growth_bytes": figures.growth_bytes, "makers": makers}


def _seconds(figures: Figures) -> str:
    """Half of them, and 95 % of them, were made within these."""
    if figures.median_seconds is None:
        return cell("median_seconds", None)
    slowest = cell("p95_seconds", figures.p95_seconds)
    return f"{cell('median_seconds', figures.median_seconds)} (95 %: {slowest})"


def _refused(figures: Figures) -> str:
    """How many, and the reason of the most."""
    if not figures.refused:
        return "0"
    name = max(figures.refusals, key=lambda reason: figures.refusals[reason])
    most = "" if figures.refusals[name] == figures.refused else f"{figures.refusals[name]:,} "
    return f"{figures.refused:,} ({most}{REASONS[name]})"
