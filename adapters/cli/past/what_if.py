"""`abby what-if`: the log's own history under other limits, or, with `--self-check`, under those that were in force.

It reads beside a running service and changes nothing. What would have happened is decided in `projections/what_if.py`;
here it is told: tables and a chart for people, JSON for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.past.charts import Bar, bars
from adapters.cli.past.further_limits import as_data, further_of, rows_by_limit, windows_as_data, windows_in_words
from adapters.cli.past.other_tier import given_by, tier_as_data
from adapters.cli.progress import bar
from adapters.cli.reach.access import log_of
from adapters.cli.tables import add_row, print_lines, table
from adapters.history.deciding_anew import OtherLimits, Span, check_outcomes, decide_under
from adapters.wording.differences import difference_in_words
from adapters.wording.figures import counted, in_mb, minute
from adapters.wording.limits import set_by, step_in_words
from adapters.wording.other_limits import sums_in_words
from domain.limit_names import FURTHER, OF_A_USER
from domain.limits import MEGABYTE, Limits, megabytes, percentage
from domain.names import malformed_tier
from domain.refusals import Reason
from projections.self_check import SelfCheck
from projections.what_if import WhatIf
from projections.what_if_sums import LIMIT_REASONS, Sums

USERS_SHOWN = 20
"""Users that are shown to people, those first for whom most changes; `--json` has all."""
DAYS_SHOWN = 62
"""Bars of a chart: the latest days."""
DIFFERENCES_SHOWN = 20
CHANGES_SHOWN = 20
"""Changes of the limits for everybody, the latest."""
STORED_AS = {"daily": "daily", "user_mb": "user_bytes", "pool_mb": "pool_bytes"}
FORMER_SHOWN = 4
"""Values of a limit that the first line names."""

REASONS = {
    "DAILY_LIMIT": "daily limit",
    "WINDOW_LIMIT": "limits of windows",
    "USER_STORAGE": "own storage",
    "POOL_STORAGE": "storage of all",
}
NO_LIMIT = (
    "Say under which limits: --daily, --user-mb, --pool-mb, --limit, one or more. Or --self-check, to decide every "
    "outcome again with the limits that were in force."
)
CHECK_ALONE = (
    "--self-check takes the limits that were in force: leave --daily, --user-mb, --pool-mb, --limit and --tier out."
)
POOL_OF_NO_TIER = "--pool-mb is a limit of all together, and no tier has one: leave it out, or --tier."


class Question(NamedTuple):
    """What the command line says: other limits, None where they are as they were, and how many days back."""

    daily: int | None = None
    user_mb: float | None = None
    pool_mb: float | None = None
    days: int | None = None
    self_check: bool = False
    limits: tuple[str, ...] = ()
    tier: str | None = None

    def given(self) -> dict[str, Any]:
        """The other limits, by their names in `Limits`."""
        sizes = {"user_bytes": self.user_mb, "pool_bytes": self.pool_mb}
        found = {name: round(size * MEGABYTE) for name, size in sizes.items() if size is not None}
        return found | ({} if self.daily is None else {"daily": self.daily})


def what_if(invocation: Invocation, output: Output, question: Question) -> int:
    """Tells what would have happened; for a self-check 0 where all is as recorded, 1 where it is not."""
    try:
        further = further_of(question.limits, OF_A_USER if question.tier else FURTHER)
    except ValueError as error:
        return output.refused(malformed(f"--limit: {error}."))
    others = OtherLimits(question.given(), further, question.tier)
    if sentence := _wrong(question, others):
        return output.refused(malformed(sentence))
    root, engine = log_of(invocation.set_up())
    if question.self_check:
        with bar(output, "Deciding again") as progress:
            checked, span = check_outcomes(root, engine, days=question.days, progress=progress)
        return _tell_check(output, checked, span)
    with bar(output, "Deciding anew") as progress:
        story, span = decide_under(root, engine, others, days=question.days, progress=progress)
    if story.tier is not None and story.tier.here is None:
        none = f"There was no tier {story.tier.key} in that time. `abby tiers` lists those that there are."
        return output.refused(Refused(Reason.NOT_FOUND.value, none, Exit.REFUSED))
    answer = _answer(story, span, others.given)
    output.answer(answer, lambda console: _print(console, story, answer))
    return Exit.DONE if span.stopped is None else Exit.DATA


def _wrong(question: Question, others: OtherLimits) -> str | None:
    """Why what is asked means nothing."""
    nothing = others._replace(tier=None) == OtherLimits({})
    if question.self_check and (question.tier or not nothing):
        return CHECK_ALONE
    if question.tier is not None and question.pool_mb is not None:
        return POOL_OF_NO_TIER
    if question.tier is not None and (sentence := malformed_tier(question.tier)):
        return sentence
    return NO_LIMIT if nothing and not question.self_check else None


def _tell_check(output: Output, checked: SelfCheck, span: Span) -> int:
    agrees = not checked.found and span.stopped is None
    differences = [
        {
            "position": found.position,
            "at": found.recorded[0].at if found.recorded else None,
            "meaning": difference_in_words(found),
        }
        for found in checked.differences
    ]
    answer = {
        "agrees": agrees,
        **_span(span),
        "outcomes": dict(sorted(checked.outcomes.items())),
        "found": checked.found,
        "differences": differences,
    }
    output.answer(answer, lambda console: _print_check(console, answer))
    if span.stopped is not None:
        return Exit.DATA
    return Exit.DONE if agrees else Exit.REFUSED


def _print_check(console: Console, answer: Mapping[str, Any]) -> None:
    decided = counted(sum(answer["outcomes"].values()), "outcome")
    if answer["agrees"]:
        sentence = f"With the limits in force every recorded outcome is decided alike: {decided}, no difference."
        print_lines(console, sentence, style="green")
    else:
        found = counted(answer["found"], "difference")
        print_lines(console, f"Not every outcome is what the rules say: {found} in {decided}.", style="bold red")
    print_lines(console, _of_span(answer))
    for shown in answer["differences"][:DIFFERENCES_SHOWN]:
        print_lines(console, f"Position {shown['position']}: {shown['meaning']}", style="yellow")
    if (more := answer["found"] - DIFFERENCES_SHOWN) > 0:
        print_lines(console, f"and {more:,} more; --json names up to a thousand.")
    _print_stopped(console, answer)


def _span(span: Span) -> dict[str, Any]:
    stopped = None if span.stopped is None else {"position": span.stopped[0], "meaning": span.stopped[1]}
    return {
        "from": {"position": span.first, "at": span.from_at},
        "to": {"position": span.last, "at": span.to_at},
        "stopped": stopped,
    }


def _of_span(answer: Mapping[str, Any]) -> str:
    begins, ends = answer["from"], answer["to"]
    if begins["at"] is None or ends["at"] is None:
        return "There was nothing to decide."
    return f"Positions {begins['position']:,} to {ends['position']:,}: {minute(begins['at'])} to {minute(ends['at'])}."


def _print_stopped(console: Console, answer: Mapping[str, Any]) -> None:
    if (stopped := answer["stopped"]) is not None:
        sentence = f"At position {stopped['position']} the log cannot be read on: {stopped['meaning']}."
        print_lines(console, f"{sentence} `abby verify` says what stands there.", style="bold red")


# -- under other limits --------------------------------------------------------------------------------


def _answer(story: WhatIf, span: Span, given: Mapping[str, Any]) -> dict[str, Any]:
    policy = story.state.policy
    here = story.under(policy)
    pool = story.pool
    return {
        "limits": {
            "in_force": _limits(policy),
            "here": _limits(here),
            "changes": [as_data(change) for change in _changes(story)],
            "given": [name for name, stored in STORED_AS.items() if stored in given],
            "users_with_their_own": len(story.own_limits),
            "tier": tier_as_data(story.tier),
        },
        **_span(span),
        "requests": _sums(story.whole),
        "users": [{"user": user, **_sums(sums)} for user, sums in _by_change(story)],
        "days": [
            {"day": day, **_sums(story.days.get(day, Sums())), "pool_peak_mb": megabytes(peak)}
            for day, peak in sorted(pool.days.items())
        ],
        "pool": {
            "peak_mb": megabytes(pool.peak_bytes),
            "peak_at": pool.peak_at,
            "peak_percentage": percentage(pool.peak_bytes, here.pool_bytes),
            "first_full": None if pool.full_at is None else {"position": pool.full_position, "at": pool.full_at},
        },
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "daily": limits.daily,
        "user_mb": megabytes(limits.user_bytes),
        "pool_mb": megabytes(limits.pool_bytes),
        **windows_as_data(limits),
    }


def _changes(story: WhatIf) -> list[dict[str, Any]]:
    """What was set for everybody while the history went on, limit by limit."""
    return [
        {
            "position": step.position,
            "at": step.at,
            "by": step.by,
            "limit": name,
            "former": step.former[name],
            "value": step.limits[name],
            "source": step.source,
            "reason": step.reason,
        }
        for step in story.steps
        for name in step.limits
    ]


def _print_changes(console: Console, changes: list[dict[str, Any]]) -> None:
    if (more := len(changes) - CHANGES_SHOWN) > 0:
        print_lines(console, f"... {counted(more, 'earlier change')} of limits before these; --json has all.")
    for change in changes[-CHANGES_SHOWN:]:
        print_lines(console, _change_in_words(change))


def _change_in_words(change: Mapping[str, Any]) -> str:
    step = step_in_words(change["limit"], change["former"], change["value"])
    how = set_by(change["source"], change["by"], change["reason"])
    return f"Position {change['position']:,}, {minute(change['at'])}: {step} for everybody, {how}."


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "asked": sums.asked,
        "refused_then": sums.refused_then,
        "refused_here": sums.refused_here,
        "refused_then_by_reason": dict(sums.then),
        "refused_by_reason": dict(sums.refused),
        "newly_refused": sums.newly_refused,
        "newly_allowed": sums.newly_allowed,
        "pictures_then": sums.made_then,
        "pictures_here": sums.made_here,
        "pictures_of_then": sums.made,
        "pictures_not_made": sums.not_made,
        "pictures_more": sums.more_made,
        "pictures_not_kept": sums.not_kept,
        "credits_then": round(sums.spent + sums.saved, 4),
        "credits_here": round(sums.spent + sums.more_spent, 4),
        "credits_saved": round(sums.saved, 4),
        "pictures_without_price": sums.unpriced + sums.unpriced_saved,
        "pictures_here_without_price": sums.unpriced + sums.more_unpriced,
        "refusals_cut_off": sums.cut,
        "refused_then_by_window": dict(sorted(sums.windows_then.items())),
        "refused_by_window": dict(sorted(sums.windows.items())),
        "tried_then": dict(sorted(sums.tried_then.items())),
        "tried": dict(sorted(sums.tried.items())),
    }


def _by_change(story: WhatIf) -> list[tuple[str, Sums]]:
    """All users, those first for whom most would have been otherwise."""
    return sorted(story.users.items(), key=lambda row: (-row[1].newly_refused - row[1].newly_allowed, row[0]))


def _print(console: Console, story: WhatIf, answer: Mapping[str, Any]) -> None:
    print_lines(console, f"What if: {_other_limits(story, answer)}", style="bold")
    print_lines(console, _of_span(answer))
    if own := answer["limits"]["users_with_their_own"]:
        print_lines(console, f"{counted(own, 'user')} with limits of their own {'keeps' if own == 1 else 'keep'} them.")
    _print_changes(console, _changes(story))
    _print_whole(console, answer["requests"])
    _print_users(console, answer["users"])
    _print_days(console, answer)
    print_lines(console, *_in_words(story, answer))
    _print_stopped(console, answer)


def _other_limits(story: WhatIf, answer: Mapping[str, Any]) -> str:
    """The limits that are others here, each beside all that was in force in its place, in the order of time."""
    if story.tier is not None and story.tier.here is not None:
        then = _one_after_the_other(list(dict.fromkeys(map(given_by, story.tier.then))), str)
        return f"the tier {story.tier.key} gives {given_by(story.tier.here)} instead of {then}"
    here, was = answer["limits"]["here"], _in_force(answer["limits"])
    parts = []
    if was["daily"] != [here["daily"]]:
        parts.append(f"{here['daily']} generations a day instead of {_one_after_the_other(was['daily'], str)}")
    for name, whose in (("user_mb", "for each user"), ("pool_mb", "for all together")):
        if was[name] != [here[name]]:
            parts.append(f"{in_mb(here[name])} {whose} instead of {_one_after_the_other(was[name], in_mb)}")
    parts += windows_in_words(story.state.policy, story.under(story.state.policy))
    return "; ".join(parts) if parts else "the limits that were in force, all the time"


def _in_force(limits: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What each limit was, one after the other; only what it is here where no other one is given."""
    found: dict[str, list[Any]] = {}
    for name, stored in STORED_AS.items():
        of = [change["former"] for change in limits["changes"] if change["limit"] == stored]
        former = of if name == "daily" else [megabytes(size) for size in of]
        found[name] = [*former, limits["in_force"][name]] if name in limits["given"] else [limits["here"][name]]
    return found


def _one_after_the_other(values: Sequence[Any], told: Callable[[Any], str]) -> str:
    """The first few, and the last."""
    words = [told(value) for value in values]
    if len(words) > FORMER_SHOWN:
        words = [*words[: FORMER_SHOWN - 1], f"{len(words) - FORMER_SHOWN} more", words[-1]]
    return ", later ".join(words)


def _print_whole(console: Console, sums: Mapping[str, Any]) -> None:
    shown = table("Requests", ("", "then", "here"), right=("then", "here"))
    add_row(shown, "asked", f"{sums['asked']:,}", f"{sums['asked']:,}")
    add_row(shown, "refused", f"{sums['refused_then']:,}", f"{sums['refused_here']:,}")
    for reason in LIMIT_REASONS:
        then, here = sums["refused_then_by_reason"][reason], sums["refused_by_reason"][reason]
        add_row(shown, f"  {REASONS[reason]}", f"{then:,}", f"{here:,}")
    for words, then, here in rows_by_limit(sums):
        add_row(shown, words, then, here)
    add_row(shown, "allowed then, refused here", "", f"{sums['newly_refused']:,}")
    add_row(shown, "refused then, allowed here", "", f"{sums['newly_allowed']:,}")
    add_row(shown, "pictures made", f"{sums['pictures_then']:,}", f"{sums['pictures_here']:,}")
    add_row(shown, "  of those made then", "", f"{sums['pictures_of_then']:,}")
    add_row(shown, "  more here", "", f"{sums['pictures_more']:,}")
    add_row(shown, "kept then, not here", "", f"{sums['pictures_not_kept']:,}")
    add_row(shown, "credits", f"{sums['credits_then']:,.2f}", f"{sums['credits_here']:,.2f}")
    then, here = sums["pictures_without_price"], sums["pictures_here_without_price"]
    if then or here:
        add_row(shown, "  and pictures without a price", f"{then:,}", f"{here:,}")
    console.print(shown)


def _print_users(console: Console, rows: list[dict[str, Any]]) -> None:
    changed = [row for row in rows if row["newly_refused"] or row["newly_allowed"]]
    if not changed:
        print_lines(console, "For no user would any request have ended otherwise.")
        return
    figures = ("asked", "refused then", "refused here", "newly refused", "newly allowed", "credits saved")
    shown = table(f"{counted(len(changed), 'user')} for whom it differs", ("user", *figures), right=figures)
    for row in changed[:USERS_SHOWN]:
        counts = (row["asked"], row["refused_then"], row["refused_here"], row["newly_refused"], row["newly_allowed"])
        add_row(shown, row["user"], *(f"{count:,}" for count in counts), f"{row['credits_saved']:,.2f}")
    console.print(shown)
    if (more := len(changed) - USERS_SHOWN) > 0:
        print_lines(console, f"and {counted(more, 'user')} more; --json has all.", "")


def _print_days(console: Console, answer: Mapping[str, Any]) -> None:
    days = answer["days"][-DAYS_SHOWN:]
    limit = answer["limits"]["here"]["pool_mb"]
    refused = [Bar(day["day"], day["refused_here"], f"{day['refused_here']} ({day['refused_then']})") for day in days]
    peaks = [Bar(day["day"], day["pool_peak_mb"], in_mb(day["pool_peak_mb"])) for day in days]
    if len(answer["days"]) > DAYS_SHOWN:
        print_lines(console, f"The latest {DAYS_SHOWN} of {len(answer['days'])} days; --json has all.")
    bars(console, "Refused by day: here (then)", refused)
    bars(console, f"Most that all together used and held, of {in_mb(limit)}", peaks, whole=limit)


def _in_words(story: WhatIf, answer: Mapping[str, Any]) -> list[str]:
    sums, pool = story.whole, answer["pool"]
    lines = []
    if pool["first_full"] is not None:
        full = pool["first_full"]
        lines.append(f"All storage would first have been full at {minute(full['at'])} (position {full['position']}).")
    elif pool["peak_at"] is not None:
        most = f"{in_mb(pool['peak_mb'])} ({pool['peak_percentage']:.1f} %), at {minute(pool['peak_at'])}"
        lines.append(f"All storage would never have been full; the most was {most}.")
    return lines + sums_in_words(sums)
