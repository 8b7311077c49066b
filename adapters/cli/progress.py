"""A bar that moves, on a terminal, while many files are gone through; elsewhere nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from adapters.cli.output import Output

OnProgress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


@contextmanager
def bar(output: Output, what: str) -> Iterator[OnProgress]:
    """The bar on standard error, which goes away at the end."""
    if output.as_json or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
