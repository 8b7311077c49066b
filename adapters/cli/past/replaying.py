"""`abby replay`: what was, as of a time or a position; the story of a user, an image or a generation; and whether the
projections are what the log says.

It reads beside a running service and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from adapters.application.reading import is_known, known_users, pool_usage, quota_status, usage_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.progress import bar
from adapters.cli.reach.access import log_of
from adapters.cli.tables import add_row, print_lines, table
from adapters.cli.times import instant
from adapters.history.past import Moment, Past, PastRoot, opened
from adapters.ports.clock import utc_now
from adapters.wording.figures import counted, in_mb, minute
from adapters.wording.limits import STRANGER, limits_in_words
from domain.names import malformed_name, malformed_user
from domain.refusals import Reason
from projections.user_replay import Line, of_image, of_reservation

if TYPE_CHECKING:
    from adapters.history.rechecking import Rechecked  # late, as below

OF_ONE_USER = ("user", "daily", "storage", "limits", "sources")
"""The parts of a quota dictionary that one user's lines tell."""


class Asked(NamedTuple):
    """What is asked: of whom, as of when, and whether it is the way there that is asked for."""

    user: str | None = None
    at: str | None = None
    position: int | None = None
    story: bool = False
    image: str | None = None
    reservation: str | None = None
    pool: bool = False

    @property
    def wants_story(self) -> bool:
        """Whether lines are asked for."""
        return self.story or self.image is not None or self.reservation is not None


def replay(invocation: Invocation, output: Output, asked: Asked) -> int:
    """Tells what was."""
    if sentence := _cannot_be_meant(asked):
        return output.refused(malformed(sentence))
    root, engine = log_of(invocation.set_up_to_read())
    moment = Moment(None if asked.at is None else instant(asked.at), asked.position)
    with opened(root, engine) as past:
        output.doubted(past.doubt)
        if asked.position is not None and asked.position > past.head:
            return output.refused(malformed(f"--position {asked.position}: the log ends at {past.head}."))
        if asked.wants_story:
            return _story(output, past, asked, moment)
        return (
            _everybody(output, past, asked, moment) if asked.user is None else _user(output, past, asked.user, moment)
        )


def check(invocation: Invocation, output: Output, asked: Asked) -> int:
    """Builds all projections from nothing, and compares them with what is live and with each snapshot."""
    if asked != Asked():
        return output.refused(malformed("--check is about the whole log: leave the user and the other options out."))
    from adapters.history.rechecking import recheck  # late, as is the story: the figures of a moment need neither

    root, engine = log_of(invocation.set_up())
    with bar(output, "Reading the whole log") as progress:
        found = recheck(root, engine, progress)
    output.answer(_described_check(found), lambda console: _print_check(console, found))
    if not found.report.is_whole:
        return Exit.DATA
    return Exit.REFUSED if found.findings else Exit.DONE


def _cannot_be_meant(asked: Asked) -> str | None:
    if asked.at is not None and asked.position is not None:
        return "A time and a position may be two moments. Give --at or --position, not both."
    if asked.at is not None:
        try:
            instant(asked.at)
        except ValueError as error:
            return f"--at: {error}"
    if asked.user is not None and (sentence := malformed_user(asked.user)):
        return sentence
    if asked.image is not None and (sentence := malformed_name(asked.image)):
        return sentence
    if asked.user is None and (asked.story or asked.image is not None):
        return "A story is that of one user: name the user, or a generation with --reservation."
    if asked.pool and (asked.user is not None or asked.wants_story):
        return "--pool tells what all users together use; leave it out where one user or a story is asked for."
    return None


# -- as of a moment --------------------------------------------------------------------------------


def _user(output: Output, past: Past, user: str, moment: Moment) -> int:
    then = past.user(user, moment)
    status = quota_status(then, user)
    answer = {**_when(past, then), "user": user, "status": {name: status[name] for name in OF_ONE_USER}}  # type: ignore[literal-required]  # its own members
    output.answer(answer, lambda console: _print_user(console, answer))
    if not is_known(then, user):
        output.note(STRANGER.format(user))
    return Exit.DONE


def _everybody(output: Output, past: Past, asked: Asked, moment: Moment) -> int:
    with bar(output, "Reading the log") as progress:
        then = past.everybody(moment, progress)
    rows = [] if asked.pool else [usage_of(then, user) for user in known_users(then)]
    answer = {**_when(past, then), "global": pool_usage(then), **({} if asked.pool else {"users": rows})}
    output.answer(answer, lambda console: _print_everybody(console, answer))
    return Exit.DONE


def _when(past: Past, then: PastRoot) -> dict[str, Any]:
    return {"at": then.now(), "position": then.state.position, "head": past.head}


def _print_user(console: Console, answer: Mapping[str, Any]) -> None:
    user, status = answer["user"], answer["status"]
    own, daily = status["user"], status["daily"]
    print_lines(console, f"As of {_moment(answer)}:")
    quota = table(f"Quota of {user}", ("storage", user), right=(user,))
    sizes = (("limit", "limit_mb"), ("used", "used_mb"), ("held", "reserved_mb"), ("left", "remaining_mb"))
    for label, name in sizes:
        add_row(quota, label, in_mb(own[name]))
    add_row(quota, "percent", f"{own['percentage']:.1f}")
    add_row(quota, "status", own["status"])
    console.print(quota)
    print_lines(
        console,
        f"That day: {daily['used']} of {counted(daily['limit'], 'generation')} used, {daily['remaining']} left.",
        *limits_in_words(user, status["limits"], status["sources"]),
        f"{counted(own['images'], 'image')} kept.",
    )


def _print_everybody(console: Console, answer: Mapping[str, Any]) -> None:
    whole = answer["global"]
    if "users" in answer:
        figures = ("images", "used", "limit", "that day", "held", "percent")
        shown = table(counted(len(answer["users"]), "user"), ("user", "status", *figures), right=figures)
        for row in answer["users"]:
            day = f"{row['daily_used']}/{row['daily_limit']}"
            sizes = (in_mb(row["used_mb"]), in_mb(row["limit_mb"]), day, in_mb(row["reserved_mb"]))
            add_row(shown, row["user"], row["status"], str(row["images"]), *sizes, f"{row['percentage']:.1f}")
        console.print(shown)
    print_lines(
        console,
        f"Together: {in_mb(whole['used_mb'])} of {in_mb(whole['total_mb'])} used, {in_mb(whole['reserved_mb'])} held "
        f"({whole['percentage']:.1f} %, {whole['status']}), as of {_moment(answer)}.",
    )


def _moment(answer: Mapping[str, Any]) -> str:
    told = f"{minute(answer['at'])}, position {answer['position']:,} of {answer['head']:,}"
    if not answer["position"] and answer["head"]:
        return f"{told}, before the log's first event: the limits are those of a new log"
    if answer["position"] < answer["head"]:
        return told
    is_to_come = answer["at"] > utc_now()
    return f"{told}, {'a time that is still to come: what stands now' if is_to_come else 'the last event'}"


# -- the way there ---------------------------------------------------------------------------------


def _story(output: Output, past: Past, asked: Asked, moment: Moment) -> int:
    from adapters.cli.past.story_table import described_lines, print_story  # late: the figures of a moment need none

    user = asked.user or past.owner_of(asked.reservation or "")
    if user is None:
        return output.refused(_unknown(f"The log has no reservation {asked.reservation}."))
    lines = _wanted(list(past.story(user, moment)), asked)
    if not lines and asked.image is not None:
        return output.refused(_unknown(f"The log tells of no image {asked.image} of {user} up to then."))
    if not lines and asked.reservation is not None:
        return output.refused(_unknown(f"The log has no reservation {asked.reservation} of {user} up to then."))
    if not any(getattr(line.event, "user", user) == user for line in lines):
        output.note(STRANGER.format(user))
    answer = {"user": user, "head": past.head, **described_lines(lines)}
    output.answer(answer, lambda console: print_story(console, user, lines))
    return Exit.DONE


def _wanted(lines: list[Line], asked: Asked) -> list[Line]:
    if asked.reservation is not None:
        lines = of_reservation(lines, asked.reservation)
    return lines if asked.image is None else of_image(lines, asked.image)


def _unknown(sentence: str) -> Refused:
    return Refused(Reason.NOT_FOUND.value, sentence, Exit.REFUSED)


# -- whether it is so ------------------------------------------------------------------------------


def _described_check(found: Rechecked) -> Mapping[str, Any]:
    damage = found.report.damage
    return {
        "agrees": found.report.is_whole and not found.findings,
        "positions": found.report.positions,
        "live_position": found.live,
        "snapshots": found.snapshots,
        "findings": [{"file": one.location, "what": one.what, "believed": one.is_believed} for one in found.findings],
        "damage": None if damage is None else damage._asdict(),
    }


def _print_check(console: Console, found: Rechecked) -> None:
    if (damage := found.report.damage) is not None:
        print_lines(console, damage.in_words("The log"), style="bold red")
    elif not found.findings:
        snapshots = counted(len(found.snapshots), "snapshot")
        print_lines(
            console,
            f"All projections, built from nothing over {counted(found.report.positions, 'event')}, agree with what a "
            f"reader has live at position {found.live:,} and with {snapshots}.",
            style="green",
        )
    for one in found.findings:
        print_lines(console, one.in_words(), style="bold red")
