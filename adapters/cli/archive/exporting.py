"""`abby export USER`: all that is kept of one user, for that user, as archives in a folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from rich.console import Console

from adapters.application.reading import is_known
from adapters.archive.user_export import ExportedUser, export_user
from adapters.bootstrap.storage import files_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.progress import bar
from adapters.cli.reach.access import open_reader
from adapters.cli.tables import print_lines, printable
from adapters.cli.written import why_not_in
from adapters.ports.faults import TargetRefused
from adapters.wording.figures import counted, size_in_words
from domain.limits import MEGABYTE
from domain.names import malformed_user
from domain.refusals import Reason

MAX_MISSING_SHOWN = 20
"""Images without bytes that are named to people; `--json` names all."""


def export(invocation: Invocation, output: Output, user: str, to: Path, part_mb: float) -> int:
    """Writes the archives and names them; 1 where the log knows nothing of the user, or not all bytes are there."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    config = invocation.set_up()
    if why := why_not_in(config.storage.storage_root, to):
        return output.refused(malformed(why))
    with closing(open_reader(config)) as storage:
        output.doubted(storage.running().stale)
        if not is_known(storage, user):
            sentence = f"The log knows nothing of {user}. Check the id; `abby users` lists them all."
            return output.refused(Refused(Reason.NOT_FOUND.value, sentence, Exit.REFUSED))
        try:
            with bar(output, "Writing archives") as progress:
                part_bytes, files = round(part_mb * MEGABYTE), files_of(config)
                done = export_user(storage, user, to, part_bytes=part_bytes, files=files, progress=progress)
        except TargetRefused as error:
            return output.refused(malformed(str(error)))
    output.answer(
        {
            "user": user,
            "archives": [printable(path) for path in done.archives],
            "images": done.images,
            "size_bytes": done.size_bytes,
            "missing": list(done.missing),
        },
        lambda console: _print(console, user, done),
    )
    return Exit.REFUSED if done.missing else Exit.DONE


def _print(console: Console, user: str, done: ExportedUser) -> None:
    written = f"{counted(len(done.archives), 'archive')} ({size_in_words(done.size_bytes)})"
    if done.missing:
        shown, more = ", ".join(done.missing[:MAX_MISSING_SHOWN]), len(done.missing) - MAX_MISSING_SHOWN
        names = f"{shown} and {more:,} more" if more > 0 else shown
        sentence = f"Not in it, as their bytes are not in the storage root: {names}. `abby audit` says what is wrong."
        print_lines(console, sentence, style="yellow")
    print_lines(
        console,
        f"Exported: {counted(done.images, 'image')} of {user}, how each was made, and every line of the log about "
        f"{user}, in {written}.",
        *(f"  {printable(path)}" for path in done.archives),
    )
