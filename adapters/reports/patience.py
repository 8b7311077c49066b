"""Work of the database in a thread of its own, so that it can be ended: by Ctrl+C, by SIGTERM, or because nobody waits
for it any more. In the thread that asked, the database would hear of none of them until it is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

LOOK_SECONDS = 0.1

T = TypeVar("T")


def never() -> bool:
    """Somebody waits."""
    return False


def patiently(made: duckdb.DuckDBPyConnection, work: Callable[[], T], is_over: Callable[[], bool] = never) -> T:
    """The result of work with a database, which is interrupted where the program is, or as soon as it `is_over`: then
    it raises duckdb.InterruptException.
    """
    with ThreadPoolExecutor(1, "query") as thread:
        under_way = thread.submit(work)
        try:
            while not _ended(under_way):
                if is_over():
                    made.interrupt()
        finally:
            while not _ended(under_way):
                made.interrupt()
        return under_way.result()


def _ended(under_way: Future[T]) -> bool:
    return bool(wait([under_way], LOOK_SECONDS).done)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Within this block SIGTERM ends the program as Ctrl+C does: in order, and its files in the making go with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
