"""Where a path leads once its links are followed, and whether one folder lies in another, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.disk.files import Files
from adapters.disk.own_root import MAY_BE_LINKS


def resolved(path: Path) -> Path:
    """The path, absolute, with links followed as far as they lead. Those that lead in a circle stay in it: who opens it
    is told so.
    """
    return Path(os.path.realpath(path))


def lies_in(path: Path, folder: Path, files: Files) -> bool:
    """Whether a resolved path is a folder or lies below it, under another name of that folder too."""
    return path.is_relative_to(folder) or any(files.is_same_file(way, folder) for way in (path, *path.parents))


def lie_in_each_other(folder: Path, root: Path, files: Files) -> bool:
    """Whether a resolved folder lies in a storage root or the other way round; where the root's own folders are the
    operator's links, in what they lead to.
    """
    tops = {root, *(resolved(root / name) for name in MAY_BE_LINKS)}
    return any(lies_in(folder, top, files) or lies_in(top, folder, files) for top in tops)
