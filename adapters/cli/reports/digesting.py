"""`abby digest`: a week beside the one before, as the bot posts it to managers: as a table, JSON, or its picture."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.access import log_of
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.cli.written import InTheWay, new_file, refuse_target
from adapters.history.past import Moment, opened
from adapters.ports.clock import utc_now
from adapters.reports.digest import Digest, Pool, read_weeks
from adapters.reports.digest_picture import picture
from adapters.reports.digest_words import Todo, advice_in_words, described, headline, rows, storage, title, went_wrong
from adapters.wording.figures import echo
from domain.instants import day_of
from projections.iso_weeks import last_whole_week, week_named

NO_WEEK = "{} is no week. Weeks are written as 2026-W48 (ISO 8601, Monday to Sunday, in UTC)."
TODO = Todo(
    limits="`abby limits USER` gives a member more; MAX_USER_DAILY_GENS and MAX_USER_STORAGE_MB everybody.",
    room="`abby cleanup` removes old temp files; delete images, or raise MAX_GLOBAL_STORAGE_MB.",
    look="`abby providers` asks whoever makes the pictures; `abby report` tells on which days.",
)


class Wanted(NamedTuple):
    """Of which week, of which guild (of all where that is None), and where its picture is written."""

    week: str | None
    guild: str | None
    picture: Path | None


def digest(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Tells the week."""
    now = utc_now()
    week = last_whole_week(now) if wanted.week is None else week_named(wanted.week)
    if week is None:
        return output.refused(malformed(NO_WEEK.format(echo(wanted.week))))
    root, engine = log_of(invocation.set_up())
    try:
        if wanted.picture is not None:
            refuse_target(wanted.picture, root)
    except InTheWay as error:
        return output.refused(malformed(str(error)))
    with output.waiting("Reading the log"):
        with opened(root, engine) as past:
            state, doubt = past.everybody(Moment()).state, past.doubt
        pool = Pool(state.pool.used_bytes, state.policy.pool_bytes, day_of(now))
        told = read_weeks(root, engine, week, pool).digest(wanted.guild)
    output.doubted(doubt)
    output.answer(described(told, TODO), lambda console: _print(console, told))
    if wanted.picture is None:
        return Exit.DONE
    try:
        with new_file(wanted.picture, root) as target:
            target.write(picture(told))
    except InTheWay as error:
        return output.refused(malformed(str(error)))
    output.note(f"Its picture is written to {printable(wanted.picture)}.")
    return Exit.DONE


def _print(console: Console, told: Digest) -> None:
    of = "all servers and everything else" if told.guild is None else f"server {printable(told.guild)}"
    print_lines(console, f"{title(told.week)}, {of}", style="bold")
    print_lines(console, headline(told))
    if told.this.is_empty and told.former.is_empty:
        print_lines(console, storage(told))
        return
    made = table("", ("", "this week", "the week before"))
    for row in rows(told):
        add_row(made, row.name, row.this, row.former)
    console.print(made)
    if makers := told.this.makers:
        print_lines(console, "Made most: " + ", ".join(f"{printable(one.user)} ({one.made:,})" for one in makers))
    if wrong := went_wrong(told.this):
        print_lines(console, f"Went wrong: {wrong}")
    print_lines(console, f"Storage of all: {storage(told)}")
    if advised := advice_in_words(told.advice, TODO):
        print_lines(console, advised)
