"""`abby migrate --to bucket` and `--to folders`: images are carried into the bucket of the settings, or out of it."""

from __future__ import annotations

from typing import Any, Literal

from rich.console import Console

from adapters.archive.images_moving import CarriedImages, carry_images
from adapters.bootstrap.storage import files_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.everybody import NOT_AGREED
from adapters.cli.output import Output, Refused
from adapters.cli.progress import bar
from adapters.cli.reach.access import refuse_without_log
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.engines.choice import choose_engine, image_stores
from adapters.ports.faults import ConfigError, StorageUnavailable
from adapters.ports.object_place import ObjectStoreError
from adapters.wording.figures import counted, size_in_words

To = Literal["bucket", "folders"]
GOES_ON = "Not all is there yet, and nothing is lost. Run the same command again: it goes on where it stopped."
MAX_LACKING_SHOWN = 20
"""Images without right bytes that are named to people; `--json` names all."""
NO_BUCKET = (
    "STORAGE_ROOT names no bucket. Set STORAGE_ROOT=s3://bucket/prefix, and LOCAL_ROOT to the folder that is the root "
    "now (docs/object-store.md), and run the command again."
)
QUESTIONS = {
    "bucket": "The images below {root} are copied into {place}, and stay where they are. Nothing may write meanwhile.",
    "folders": "The images in {place} are copied below {root}, and stay where they are. Nothing may write meanwhile.",
}
NEXT = {
    "bucket": (
        "Start the service with these settings; `abby audit` compares the log with the bucket.",
        "Then remove the folders `images/users` and `temp` below the root: nothing reads them any more.",
    ),
    "folders": (
        "Set STORAGE_ROOT to {root}, and leave LOCAL_ROOT out.",
        "Start the service; `abby audit` compares the log with the files. Then empty the bucket.",
    ),
}


def move_images(invocation: Invocation, output: Output, to: To, *, yes: bool) -> int:
    """Carries the images, where somebody said yes to that; 1 where right bytes of some are not there."""
    config = invocation.set_up()
    if (objects := config.objects) is None:
        raise ConfigError(NO_BUCKET)
    refuse_without_log(config)
    root, files = config.storage.storage_root, files_of(config)
    what = QUESTIONS[to].format(root=root, place=objects)
    if not yes and not (output.may_ask() and output.asked(f"{what} Shall it be done?")):
        sentence = f"{what} Nothing was changed. Run the command again with --yes to do it."
        return output.refused(Refused(NOT_AGREED, sentence, Exit.REFUSED))
    stores = image_stores(files)(root), image_stores(files, objects)(root)
    source, target = stores if to == "bucket" else stores[::-1]
    try:
        with bar(output, "Carrying images") as progress:
            engine = choose_engine(config.log_keeper, files)
            carried = carry_images(root, engine=engine, source=source, target=target, progress=progress)
    except OSError as error:
        output.note(GOES_ON)
        told = f"{error.sentence} {error.advice}" if isinstance(error, ObjectStoreError) else str(error)
        raise StorageUnavailable(told) from error
    next_steps = [step.format(root=root) for step in NEXT[to]]
    output.answer(_answer(to, carried, next_steps), lambda console: _print(console, carried, next_steps))
    return Exit.REFUSED if carried.lacking else Exit.DONE


def _answer(to: To, carried: CarriedImages, next_steps: list[str]) -> dict[str, Any]:
    """What was carried, for programs."""
    return {
        "to": to,
        "images": carried.standing,
        "brought": carried.brought,
        "size_bytes": carried.size_bytes,
        "lacking": [{"user": one.user, "name": printable(one.name), "temp": one.temp} for one in carried.lacking],
        "next": next_steps,
    }


def _print(console: Console, carried: CarriedImages, next_steps: list[str]) -> None:
    size = f"{counted(carried.standing, 'image')} and temp files ({size_in_words(carried.size_bytes)})"
    if carried.lacking:
        shown = table("Right bytes were not there", ("user", "name"))
        for one in carried.lacking[:MAX_LACKING_SHOWN]:
            add_row(shown, one.user, printable(one.name))
        console.print(shown)
    print_lines(
        console,
        f"Of {size} by the log {carried.brought:,} were carried now; {len(carried.lacking):,} have no right bytes.",
        "",
        "What to do next:",
        *(f"  {number}. {step}" for number, step in enumerate(next_steps, 1)),
    )
