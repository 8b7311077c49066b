"""Whether the file system of a storage root, or of a part of it, is one that the protocol of log and files is not made
for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from adapters.cli.checks.finding import Finding, warn
from adapters.disk.file_systems import Weakness, weakness_of

_FOUND: Mapping[Weakness, tuple[str, str]] = MappingProxyType(
    {
        Weakness.NETWORK: (
            "lies on a network file system ({})",
            "Use a local disk: locks and syncs depend on another machine there.",
        ),
        Weakness.RENAME: (
            "lies on a file system whose renames are not atomic ({}): a power cut may leave an image without its file",
            "Use a disk with ext4, xfs, btrfs, APFS or NTFS.",
        ),
        Weakness.MEMORY: (
            "lies in memory ({}): all that is kept there is gone after a restart of this machine",
            "Set STORAGE_ROOT to a folder on a disk.",
        ),
    }
)
"""What is found and what to do; the type of the file system stands in between."""


def weak_file_system(folder: Path, kind: str | None) -> Finding | None:
    """The finding on a folder whose file system is of this type, None where nothing is known against it."""
    weakness = weakness_of(kind)
    if weakness is None:
        return None
    found, advice = _FOUND[weakness]
    return warn("root", f"The storage folder {folder} {found.format(kind)}.", advice)
