"""What of a storage root other accounts of this machine may use: looked at in a part of it, and told with the command
that mends it.

What is made has the right modes from the start (`disk/files`); what stands already keeps its own until somebody runs
that command. Windows has no such modes, and nothing is said there.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISLNK
from typing import NamedTuple

from adapters.application.other_things import is_unused
from adapters.disk.files import Files
from adapters.disk.litter import is_litter
from adapters.disk.modes import GROUP_READS, HAS_MODES
from adapters.disk.own_root import MAY_BE_LINKS
from adapters.disk.ways import resolved

MOST_LOOKED_AT = 400
"""Files and folders of a root, those nearest to it first."""
MOST_OF_A_FOLDER = 32
MOST_NAMED = 3


class Exposure(NamedTuple):
    """What others may use, and what to do about it."""

    found: str
    advice: str


def exposure_of(root: Path, files: Files) -> Exposure | None:
    """What others than `files.access` names may do below a root, by a part of it; None where that is nothing."""
    if not HAS_MODES:
        return None
    files.confine(root, anew=False)
    with suppress(OSError):  # of one that may not be listed, what is in it tells
        if is_unused(root, files):
            return None
    looked_at, open_to_others = 0, []
    for path, mode in _modes(root, files):
        looked_at += 1
        if mode & 0o077 & ~files.access:
            open_to_others.append(f"{path} ({mode:03o})")
    if not open_to_others:
        return None
    some = ", ".join(open_to_others[:MOST_NAMED])
    return Exposure(
        f"Other accounts of this machine may use {len(open_to_others)} of {looked_at} files and folders that were "
        f"looked at in the storage root, among them {some}: images, prompts and the log are there.",
        f"Run `{_command(root, files)}` as their owner. Whatever is made from now on is safe without it.",
    )


def _modes(root: Path, files: Files) -> Iterator[tuple[Path, int]]:
    """Level by level; what vanishes meanwhile, or may not be looked at, is passed over."""
    waiting = deque([root])
    for _ in range(MOST_LOOKED_AT):
        if not waiting:
            return
        path = waiting.popleft()
        with suppress(OSError):
            found = files.stat(path)
            if S_ISLNK(found.st_mode):
                continue
            if S_ISDIR(found.st_mode):
                waiting += [
                    path / name
                    for name in sorted(files.sample_directory(path, MOST_OF_A_FOLDER))
                    if not is_litter(name)
                ]
            yield path, S_IMODE(found.st_mode)


def _command(root: Path, files: Files) -> str:
    """It follows no link, so where the operator's lead is named too."""
    targets = [resolved(root / name) for name in sorted(MAY_BE_LINKS) if (root / name).is_symlink()]
    change = "g-w,o-rwx" if files.access == GROUP_READS else "go-rwx"
    return shlex.join(["chmod", "-R", change, str(root), *map(str, targets)])
