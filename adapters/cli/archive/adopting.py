"""`abby adopt`: existing images are brought in; first it is shown what that would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.adoption.adoption import Plan, Terms, dry_run, plan
from adapters.adoption.adoption import adopt as carry_out
from adapters.adoption.tally import Adoption
from adapters.application.adoption_mark import AdoptionMark, adopt_command
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed, refused_of
from adapters.cli.progress import OnProgress, bar
from adapters.cli.reach.folders import refuse_bucket
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.disk.files import Files
from adapters.engines.choice import choose_engines
from adapters.ports.clock import utc_now
from adapters.ports.faults import LogLocked
from adapters.settings.config import Config
from adapters.wording.figures import counted, size_in_words
from domain.limits import Limits
from domain.refusals import Refusal

MAX_FILES_SHOWN = 20
"""Skipped files that are named to people for one reason; `--json` names all."""


def adopt(invocation: Invocation, output: Output, directory: Path, *, yes: bool) -> int:
    """Shows what adopting a directory would do, or does it; 1 where something is skipped."""
    from adapters.bootstrap.storage import files_of

    config = invocation.set_up()
    refuse_bucket(config, "adopt", "Save images over HTTP or by your program: they are put where they belong")
    files = files_of(config)
    root = config.storage.storage_root
    planned = plan(root, directory, files)
    if isinstance(planned, str):
        return output.refused(malformed(planned))
    try:
        with bar(output, "Bringing images in" if yes else "Looking at images") as progress:
            terms = _terms(config, progress, files)
            adoption = carry_out(planned, terms) if yes else dry_run(planned, terms)
    except LogLocked as locked:
        raise _stop_it_first(locked) from locked
    except BaseException:
        if yes and AdoptionMark(root, files).directory() is not None:
            output.note("Not all images are in yet. Run the same command again: it goes on where it stopped.")
        raise
    if isinstance(adoption, Refusal):
        return output.refused(refused_of(adoption))
    command = None if yes or not adoption.images else _command(invocation, planned)
    answer = _answer(planned, adoption, command, files, done=yes)
    output.answer(answer, lambda console: _print(console, adoption, answer))
    return Exit.REFUSED if adoption.skipped else Exit.DONE


def _terms(config: Config, progress: OnProgress, files: Files) -> Terms:
    from adapters.bootstrap.storage import given_limits, store_settings

    return Terms(
        clock=utc_now,
        max_image_bytes=store_settings(config).max_image_bytes,
        limits=Limits(**given_limits(config).given),
        progress=progress,
        engines=choose_engines(config.log_keeper, files),
        files=files,
    )


def _stop_it_first(locked: LogLocked) -> LogLocked:
    holder = f"the service at {locked.address}" if locked.address else "another program"
    process = f" (process {locked.pid})" if locked.pid else ""
    return LogLocked(
        f"The log is held by {holder}{process}, and images can be adopted only while nothing else writes. "
        "Nothing was changed. Stop that, then run the command again.",
        pid=locked.pid,
        address=locked.address,
    )


def _command(invocation: Invocation, planned: Plan) -> str:
    env_file = invocation.env_file
    options = () if env_file is None else ("--env-file", str(env_file.absolute()))
    return adopt_command(planned.root, planned.directory, *options)


def _answer(planned: Plan, adoption: Adoption, command: str | None, files: Files, *, done: bool) -> dict[str, Any]:
    """What came of it, for programs."""
    stands = next(folder for folder in (planned.root, *planned.root.parents) if folder.exists())
    return {
        "done": done,
        "root": printable(planned.root),
        "directory": printable(planned.directory),
        "images": adoption.images,
        "size_bytes": adoption.size_bytes,
        "copied_bytes": adoption.copied_bytes,
        "already": adoption.already,
        "users": [share._asdict() | {"over": share.is_over} for share in adoption.shares],
        "pool": {
            "used_bytes": adoption.pool_used_bytes,
            "limit_bytes": adoption.pool_limit_bytes,
            "over": adoption.pool_is_over,
        },
        "disk_free_bytes": files.free_bytes(stands),
        "skipped": [{"file": printable(skipped.source), "reason": skipped.reason} for skipped in adoption.skipped],
        "command": None if command is None else printable(command),
    }


def _print(console: Console, adoption: Adoption, answer: Mapping[str, Any]) -> None:
    done = answer["done"]
    if not done:
        console.print("This only shows what would be done. Nothing was changed.", style="bold")
    _print_users(console, adoption, done=done)
    _print_skipped(console, adoption, done=done)
    _print_limits(console, adoption, done=done)
    if done and adoption.images:
        print_lines(console, f"Brought in: {_sum(adoption)}, into {answer['root']}.")
        if adoption.copied_bytes:
            print_lines(console, f"The files in {answer['directory']} were copied and are as they were.")
        return
    if not adoption.images:
        before = f"; {counted(adoption.already, 'image')} stood already" if adoption.already else ""
        print_lines(console, f"There is nothing to bring in from {answer['directory']}{before}.")
        return
    if adoption.copied_bytes > answer["disk_free_bytes"]:
        needed, free = size_in_words(adoption.copied_bytes), size_in_words(answer["disk_free_bytes"])
        room = f"Make room first: the copies need {needed}, and the disk has {free} free."
        print_lines(console, room, style="bold red")
    print_lines(console, f"To bring in {_sum(adoption)}, stop the service and run:", "", f"  {answer['command']}", "")


def _print_users(console: Console, adoption: Adoption, *, done: bool) -> None:
    then = "used now" if done else "used then"
    figures = ("images", "size", "in before", then, "limit")
    shown = table("Brought in" if done else "To be brought in", ("user", *figures, ""), right=figures)
    for share in adoption.shares:
        sizes = (size_in_words(share.size_bytes), str(share.already), *map(size_in_words, share[-2:]))
        add_row(shown, share.user, str(share.images), *sizes, "OVER" if share.is_over else "")
    if adoption.shares:
        console.print(shown)


def _print_skipped(console: Console, adoption: Adoption, *, done: bool) -> None:
    """The files that are left alone, those with one reason together."""
    by_reason: dict[str, list[Path]] = defaultdict(list)
    for skipped in adoption.skipped:
        by_reason[skipped.reason].append(skipped.source)
    if by_reason:
        print_lines(console, f"{'Skipped' if done else 'Would be skipped'}, {len(adoption.skipped):,} in all:")
    for reason, sources in by_reason.items():
        print_lines(console, f"  {reason}", style="yellow")
        print_lines(console, *(f"    {printable(source)}" for source in sources[:MAX_FILES_SHOWN]))
        if (more := len(sources) - MAX_FILES_SHOWN) > 0:
            print_lines(console, f"    and {more:,} more; --json names them all")


def _print_limits(console: Console, adoption: Adoption, *, done: bool) -> None:
    are = "are" if done else "would be"
    if over := [share.user for share in adoption.shares if share.is_over]:
        print_lines(
            console,
            f"{counted(len(over), 'user')} {are} over the limit, marked OVER: nothing more of theirs is kept until "
            "images are deleted, or until `abby limits USER --storage-mb MB` gives them room.",
        )
    if adoption.pool_is_over:
        used, limit = map(size_in_words, (adoption.pool_used_bytes, adoption.pool_limit_bytes))
        print_lines(
            console,
            f"All users together {are} over the pool: {used} of {limit}. Nothing more of anybody's is kept until "
            "images are deleted, or until MAX_GLOBAL_STORAGE_MB is raised.",
        )


def _sum(adoption: Adoption) -> str:
    return f"{counted(adoption.images, 'image')} ({size_in_words(adoption.size_bytes)})"
