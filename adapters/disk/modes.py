"""Who may use what is made: the most that any mode grants, and how a mode is granted in spite of a umask."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

OWNER_ALONE, GROUP_READS = 0o700, 0o750
"""The most that anybody may do with what is made, whatever the umask: its owner alone has rights, or its group may read
too. What holds a secret is asked for with less.
"""
SPECIAL_BITS = 0o7000
"""Of a mode: whose group files made in a folder get, and who may remove them."""
HAS_MODES = os.name == "posix"
"""Elsewhere who may use a file follows from the folder it is made in, and nothing is done about it."""


def grant(made: int | Path, mode: int) -> None:
    """Gives what was just made the rights that a umask took from it; a file system that has none stays as it is."""
    with suppress(OSError):
        os.chmod(made, S_IMODE(os.stat(made).st_mode) | mode)  # noqa: PTH101, PTH116 - an open one, unknown to pathlib
