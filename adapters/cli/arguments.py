"""Arguments and options that many commands have, with one wording."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs instead of a table for people.")]
Yes = Annotated[bool, typer.Option("--yes", help="Also for a user of whom the log knows nothing.")]
User = Annotated[
    str, typer.Argument(metavar="USER", help="A user's id, such as a Discord id, or `local` for the page.")
]
