"""`abby backup`, `abby restore` and `abby import`: a storage root carried elsewhere and brought back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.archive.backup import BackedUp, BackupTerms, back_up
from adapters.archive.checking import RestoreTerms
from adapters.archive.layout import Manifest
from adapters.archive.restoring import Restored
from adapters.archive.restoring import restore as carry_out
from adapters.bootstrap.storage import files_of, store_settings
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.progress import bar
from adapters.cli.reach.access import log_of
from adapters.cli.reach.folders import COPY, refuse_bucket
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.engines.choice import choose_engine
from adapters.ports.faults import TargetRefused
from adapters.wording.figures import counted, minute, size_in_words
from projections.standing_files import StandingFile

MAX_LACKING_SHOWN = 20
"""Files without bytes, or without details, that are named to people; `--json` names all."""
LACKS_DETAILS = (
    "How these were made is told in files beside them that are not in the backup: a file there cannot be read, is not "
    "what one holds, or has more than 1 MiB. What is right by the next run is taken in then; `abby audit` looks too."
)
KEY = {
    True: "in the backup: a restored root goes on as this one would, and whoever reads the backup can write seals",
    False: "not in the backup: a restored root makes a new one, so that repeats of earlier requests are refused",
}


def backup(invocation: Invocation, output: Output, folder: Path, *, with_key: bool) -> int:
    """Brings a backup up to date and tells what is in it; 1 where the root itself has not all of it right."""
    config = invocation.set_up()
    refuse_bucket(config, "backup", COPY)
    root, engine = log_of(config)
    try:
        with bar(output, "Copying and reading back") as progress:
            terms = BackupTerms(engine, files_of(config), with_key=with_key, progress=progress)
            done = back_up(root, folder, terms)
    except TargetRefused as error:
        return output.refused(malformed(str(error)))
    output.answer(_backed_up(done), lambda console: _print_backup(console, done))
    return Exit.REFUSED if _is_partial(done) else Exit.DONE


def restore(invocation: Invocation, output: Output, folder: Path) -> int:
    """Makes the storage root of a backup; 1 where the backup had not all bytes and details."""
    return _restore(invocation, output, folder, partial(RestoreTerms, max_image_bytes=None))


def import_(invocation: Invocation, output: Output, folder: Path, *, any_bytes: bool) -> int:
    """The same of somebody else's backup."""
    most = store_settings(invocation.set_up()).max_image_bytes
    return _restore(invocation, output, folder, partial(RestoreTerms, max_image_bytes=most, any_bytes=any_bytes))


def _restore(invocation: Invocation, output: Output, folder: Path, terms_of: Callable[..., RestoreTerms]) -> int:
    config = invocation.set_up()
    refuse_bucket(config, "restore", "Give a folder with --root, in which the backup becomes a root of files")
    files = files_of(config)
    engine = choose_engine(config.log_keeper, files)
    try:
        with bar(output, "Reading and copying") as progress:
            terms = terms_of(engine, files, progress=progress)
            done = carry_out(folder, config.storage.storage_root, terms)
    except TargetRefused as error:
        return output.refused(malformed(str(error)))
    output.answer(_restored(done), lambda console: _print_restored(console, done))
    return Exit.REFUSED if _is_partial(done) else Exit.DONE


def _is_partial(done: BackedUp | Restored) -> bool:
    return bool(done.missing or done.lacks_details)


def _held(manifest: Manifest) -> dict[str, Any]:
    """How far a backup goes and what it holds."""
    return {
        "log_id": manifest.log_id,
        "position": manifest.position,
        "hash": manifest.digest,
        "at": manifest.at,
        "images": manifest.images,
        "temp_files": manifest.temp_files,
        "size_bytes": manifest.size_bytes,
    }


def _backed_up(done: BackedUp) -> dict[str, Any]:
    """What a backup is, for programs."""
    manifest = done.manifest
    return {
        "directory": printable(done.folder),
        **_held(manifest),
        "log_bytes": manifest.log_bytes,
        "key": manifest.has_key,
        "copied": {"files": done.copied_files, "size_bytes": done.copied_bytes, "log_bytes": done.log_bytes},
        "removed_files": done.removed_files,
        **_lacking(done),
    }


def _restored(done: Restored) -> dict[str, Any]:
    return {
        "root": printable(done.root),
        **_held(done.manifest),
        "key": done.has_key,
        **_lacking(done),
    }


def _lacking(done: BackedUp | Restored) -> dict[str, list[dict[str, Any]]]:
    return {"missing": _rows(done.missing), "lacks_details": _rows(done.lacks_details)}


def _rows(lacking: Sequence[StandingFile]) -> list[dict[str, Any]]:
    return [{"user": file.user, "name": file.name, "temp": file.temp, "position": file.position} for file in lacking]


def _print_backup(console: Console, done: BackedUp) -> None:
    manifest = done.manifest
    _print_missing(console, done.missing, "in the storage root; `abby audit` says what is wrong with them")
    _print_lacking(console, "Without details", done.lacks_details, LACKS_DETAILS)
    print_lines(
        console,
        f"Backed up: {_sum(done)}, as of position {manifest.position:,}; all of it was read back.",
        style="yellow" if _is_partial(done) else "green",
    )
    new = f"{counted(done.copied_files, 'file')} ({size_in_words(done.copied_bytes)})"
    print_lines(
        console,
        f"Folder     {printable(done.folder)}",
        f"New        {new}, {size_in_words(done.log_bytes)} of the log; {done.removed_files:,} no longer needed",
        f"Log        {manifest.log_id}",
        f"Last hash  {manifest.digest}",
        f"Key        {KEY[manifest.has_key]}",
    )


def _print_restored(console: Console, done: Restored) -> None:
    manifest = done.manifest
    _print_missing(console, done.missing, "in the backup")
    _print_lacking(console, "Without details", done.lacks_details, "How these were made was not in the backup.")
    print_lines(
        console,
        f"Restored: {_sum(done)}, as of position "
        f"{manifest.position:,}, backed up {minute(manifest.at)}; all of it was read back.",
        style="yellow" if _is_partial(done) else "green",
    )
    print_lines(
        console,
        f"Root       {printable(done.root)}",
        f"Log        {manifest.log_id}",
        f"Last hash  {manifest.digest}",
    )
    if not done.has_key:
        print_lines(
            console,
            "It has no key yet; the next start makes one. Requests that were answered before are refused if they are",
            "repeated, and what SEAL_FILE names is of the former key: give it another name.",
        )


def _print_missing(console: Console, missing: Sequence[StandingFile], where: str) -> None:
    sentence = f"These stand by the log, and their bytes are not {where}. The rest is whole."
    _print_lacking(console, "Without bytes", missing, sentence)


def _print_lacking(console: Console, what: str, lacking: Sequence[StandingFile], sentence: str) -> None:
    if not lacking:
        return
    shown = table(what, ("user", "name", "saved at"), right=("saved at",))
    for file in lacking[:MAX_LACKING_SHOWN]:
        add_row(shown, file.user, file.name, str(file.position))
    console.print(shown)
    if (more := len(lacking) - MAX_LACKING_SHOWN) > 0:
        print_lines(console, f"and {more:,} more; --json names them all", "")
    print_lines(console, sentence, style="yellow")


def _sum(done: BackedUp | Restored) -> str:
    """What has its bytes; what stands by the log and has none is told beside it."""
    manifest, temp_files = done.manifest, sum(file.temp for file in done.missing)
    images = counted(manifest.images - (len(done.missing) - temp_files), "image")
    size_bytes = manifest.size_bytes - sum(file.size_bytes for file in done.missing)
    return f"{images} and {counted(manifest.temp_files - temp_files, 'temp file')} ({size_in_words(size_bytes)})"
