"""`abby status`, `abby users` and `abby images`: what the log says, read beside a running service without its lock."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from rich.console import Console

from adapters.application.galleries import ImagesPage, page_of_images
from adapters.application.reading import global_usage, is_known, known_users, quota_status, usage_of
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.access import open_reader
from adapters.cli.tables import Rows, add_row, table
from adapters.wording.figures import counted, in_mb, minute, size_in_words
from adapters.wording.limits import STRANGER, grant_left_in_words, limit_in_words, limits_in_words
from adapters.wording.thresholds import reached_of
from domain.names import malformed_user


def status(invocation: Invocation, output: Output, user: str) -> int:
    """The quota of one user."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with closing(open_reader(invocation.set_up())) as reader:
        figures, known = quota_status(reader, user), is_known(reader, user)
    show_status(output, user, figures)
    if not known:
        output.note(f"{STRANGER.format(user)} These are the limits that hold for everybody.")
    return 0


def show_status(output: Output, user: str, figures: Mapping[str, Any]) -> None:
    """The quota dictionary, as such or as a table."""
    output.answer(figures, lambda console: _print_status(console, user, figures))


def _print_status(console: Console, user: str, figures: Mapping[str, Any]) -> None:
    own, whole, daily = figures["user"], figures["global"], figures["daily"]
    quota = table(f"Quota of {user}", ("storage", user, "all users"), right=(user, "all users"))
    sizes = (("used", "used_mb"), ("held", "reserved_mb"), ("left", "remaining_mb"))
    add_row(quota, "limit", in_mb(own["limit_mb"]), in_mb(whole["total_mb"]))
    for label, name in sizes:
        add_row(quota, label, in_mb(own[name]), in_mb(whole[name]))
    add_row(quota, "percent", f"{own['percentage']:.1f}", f"{whole['percentage']:.1f}")
    add_row(quota, "status", own["status"], whole["status"])
    console.print(quota)
    if figures["windows"]:
        console.print(_windows_table(figures["windows"]))
    hours = counted(daily["reset_hours"], "hour")
    console.print(
        f"Today: {daily['used']} of {counted(daily['limit'], 'generation')} used, {daily['remaining']} left. "
        f"The count starts anew at {minute(daily['resets_at'])} (within {hours}).",
        *limits_in_words(user, figures["limits"], figures["sources"]),
        *(reached_of(user, reached) for reached in figures["reached"]),
        *(grant_left_in_words(grant) for grant in figures["grants"]),
        *([counted(figures["points"], "point")] if "points" in figures else []),
        f"{counted(own['images'], 'image')} kept. As of position {figures['position']} of the log.",
        *([figures["stale"]] if "stale" in figures else []),
        sep="\n",
        markup=False,
    )


def _windows_table(windows: list[Mapping[str, Any]]) -> Rows:
    """The limits of windows, each with what is used and held of it and when it begins anew."""
    amounts = ("limit", "used", "held", "left")
    shown = table("Further limits", ("of", *amounts, "anew at"), right=amounts)
    for of in windows:
        tried = "" if of["enforced"] else " (only tried out)"
        numbers = (f"{of[name]:g}" for name in ("most", "used", "held", "remaining"))
        add_row(shown, f"{limit_in_words(of['limit'])}{tried}", *numbers, minute(of["resets_at"]))
    return shown


def images(invocation: Invocation, output: Output, user: str, *, offset: int, limit: int) -> int:
    """A user's kept images, newest first."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with closing(open_reader(invocation.set_up())) as reader:
        page = page_of_images(reader, user, offset=offset, limit=limit)
        known, position = bool(page.total) or is_known(reader, user), reader.running().state.position
        output.doubted(reader.running().stale)
    rows = [image._asdict() for image in page.images]
    answer = {"user": user, "images": rows, "total": page.total, "offset": offset, "limit": limit, "position": position}
    output.answer(answer, lambda console: _print_images(console, user, page, offset))
    if not known:
        output.note(STRANGER.format(user))
    elif not page.images:
        output.note(
            f"{user} has {counted(page.total, 'image')}; --offset {offset} passes over all of them."
            if page.total
            else f"{user} has no image now."
        )
    return 0


def _print_images(console: Console, user: str, page: ImagesPage, offset: int) -> None:
    figures = ("size", "pixels")
    shown = table(f"{counted(page.total, 'image')} of {user}", ("name", *figures, "saved", "made by"), right=figures)
    for image in page.images:
        pixels = f"{image.width}x{image.height}"
        add_row(shown, image.name, size_in_words(image.size_bytes), pixels, minute(image.at), image.operation)
    console.print(shown)
    if (more := page.total - offset - len(page.images)) > 0:
        ahead = offset + len(page.images)
        console.print(
            f"{counted(more, 'older one')} beside these: --offset {ahead}, or a larger --limit.", markup=False
        )


def users(invocation: Invocation, output: Output) -> int:
    """Every user the log knows, and what all of them use together."""
    with closing(open_reader(invocation.set_up())) as reader:
        rows = [usage_of(reader, user) for user in known_users(reader)]
        answer = {"users": rows, "global": global_usage(reader), "position": reader.running().state.position}
        output.doubted(reader.running().stale)
    output.answer(answer, lambda console: _print_users(console, answer))
    if not rows:
        output.note("The log knows no user yet.")
    return 0


def _print_users(console: Console, answer: Mapping[str, Any]) -> None:
    rows, whole = answer["users"], answer["global"]
    figures = ("images", "used", "limit", "today", "held", "percent")
    shown = table(counted(len(rows), "user"), ("user", "status", *figures), right=figures)
    for row in rows:
        sizes = (in_mb(row["used_mb"]), in_mb(row["limit_mb"]))
        today = f"{row['daily_used']}/{row['daily_limit']}"
        more = (today, in_mb(row["reserved_mb"]), f"{row['percentage']:.1f}")
        add_row(shown, row["user"], row["status"], str(row["images"]), *sizes, *more)
    console.print(shown)
    console.print(
        f"Together: {in_mb(whole['used_mb'])} of {in_mb(whole['total_mb'])} used, {in_mb(whole['reserved_mb'])} held "
        f"({whole['status']}). The disk has {in_mb(whole['disk_free_mb'])} free. "
        f"As of position {answer['position']} of the log.",
        markup=False,
    )
