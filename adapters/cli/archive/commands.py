"""The commands that carry a storage root, or all of one user, elsewhere: how they are written. What each does is
`archiving`'s and `exporting`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from adapters.cli.arguments import Json, User
from adapters.cli.numbers import megabytes
from adapters.cli.running import carry_out

PART_MB, MAX_PART_MB = 100, 1_000

Command = Callable[..., None]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (backup, restore, import_, export, migrate):
        command(carried_out)


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or that of a former backup.")],
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave out the secret of the log; a restored root makes a new one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy log, images and their details into a folder, beside a running service too, and read all of it back.

    A second run copies only what is new. Interrupted, the former backup stays as it was, and the same command goes on.
    Ends with 0, or with 1 where the storage root itself lacks right bytes or details of images; the rest is backed up.
    """
    from adapters.cli.archive import archiving

    carry_out(
        context,
        lambda invocation, output: archiving.backup(invocation, output, folder, with_key=not without_key),
        as_json=as_json,
    )


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a backup.")],
    as_json: Json = False,
) -> None:
    """Make an empty storage root (--root) of a backup; it is read whole before anything is made.

    Interrupted, the same command goes on where it stopped. Ends with 0, or with 1 where the backup had not all.
    """
    from adapters.cli.archive import archiving

    carry_out(context, lambda invocation, output: archiving.restore(invocation, output, folder), as_json=as_json)


def import_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a backup that was made elsewhere.")],
    any_bytes: Annotated[
        bool, typer.Option("--any-bytes", help="Take in what was saved as no image, too: it is not looked at.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an empty storage root (--root) of somebody else's backup: every line and every picture is looked at.

    As `restore`, but its key is not taken over, and what is no picture, or another than its log says, is refused.
    """
    from adapters.cli.archive import archiving

    carry_out(
        context,
        lambda invocation, output: archiving.import_(invocation, output, folder, any_bytes=any_bytes),
        as_json=as_json,
    )


def export(
    context: typer.Context,
    user: User,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new or empty folder for the archives.")],
    part_mb: Annotated[
        float,
        typer.Option("--part-mb", parser=megabytes(MAX_PART_MB), metavar="MB", help="At most so large, each of them."),
    ] = PART_MB,
    as_json: Json = False,
) -> None:
    """Write all of one user into ZIP archives: pictures, how each was made, every line of the log about the user."""
    from adapters.cli.archive.exporting import export as write

    carry_out(context, lambda invocation, output: write(invocation, output, user, to, part_mb), as_json=as_json)


def migrate(
    context: typer.Context,
    to: Annotated[
        Literal["postgres", "jsonl", "bucket", "folders"],
        typer.Option("--to", metavar="KIND", help="The log: postgres or jsonl. The images: bucket or folders."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the log into PostgreSQL (POSTGRES_ settings), or back into the storage root, and compare every line; or the
    images into the bucket of STORAGE_ROOT, or back into folders, and compare each with the log.

    What it comes from is only read. Stop the service first. Interrupted, the same command goes on where it stopped.
    Ends with 0 and says what to set then, or with 1 where images lack their right bytes.
    """
    from adapters.cli.archive import migrating, moving_images

    match to:
        case "bucket" | "folders":
            carry_out(
                context, lambda call, output: moving_images.move_images(call, output, to, yes=yes), as_json=as_json
            )
        case "postgres" | "jsonl":
            carry_out(context, lambda call, output: migrating.migrate(call, output, to, yes=yes), as_json=as_json)
