"""How many files and sockets this process may have open at once. Windows knows no such bound for sockets."""

from __future__ import annotations

import sys

WITHOUT_BOUND = 1_000_000


def most_open_files() -> int:
    """The bound in force."""
    if sys.platform == "win32":
        return WITHOUT_BOUND
    import resource  # here, as Windows has none

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WITHOUT_BOUND if soft == resource.RLIM_INFINITY else soft


def allow_open_files(wanted: int) -> None:
    """Raises the bound to what is wanted, as far as the system lets this process; it is never lowered."""
    if sys.platform == "win32" or most_open_files() >= wanted:
        return
    import resource  # as above

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
