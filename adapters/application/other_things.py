"""Whether a folder can become a storage root: one that holds other things, as a checkout or a home does, cannot.

It is asked where a log would be begun; a folder with a log is a storage root, whatever lies beside it.
"""

from __future__ import annotations

from pathlib import Path

from adapters.application.root_mark import SUFFIX
from adapters.disk.files import Files
from adapters.disk.litter import is_litter

OURS = frozenset({"images", "temp", "logs", "found"})
"""An operator may have made them, or have put images there to be adopted; a repair moves to the last what it found."""
NAMED = 3
"""Of the other things so many are named."""


def why_not_begun(root: Path, files: Files) -> str | None:
    """Why no log is begun in a folder, as a sentence; None where one may be. Raises OSError where it cannot be read."""
    others = [name for name in files.list_directory(root) if not _belongs(name)]
    if not others:
        return None
    named = ", ".join(others[:NAMED]) + (f" and {len(others) - NAMED} more" if len(others) > NAMED else "")
    return (
        f"The folder {root} is no storage root, and holds other things ({named}), as a project or a home does. Nothing "
        f"was made there. Choose a folder of its own, such as {root / 'shared'}, or move them away."
    )


def is_unused(root: Path, files: Files) -> bool:
    """Whether a folder is empty to a person, as a fresh checkout's is. Raises OSError where it cannot be read."""
    return all(is_litter(name) or name.endswith(SUFFIX) for name in files.list_directory(root))


def _belongs(name: str) -> bool:
    return name in OURS or is_litter(name) or name.endswith(SUFFIX)
