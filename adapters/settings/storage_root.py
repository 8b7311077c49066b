"""Which folders may be a storage root. Whether one exists and can be written is asked where it is opened, not here."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

# Neither these nor anything below them: they belong to the system.
POSIX_TREES = (
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "private/etc",
    "proc",
    "sbin",
    "sys",
    "System",
    "usr",
)
WINDOWS_TREES = ("Windows", "Program Files", "Program Files (x86)", "System Volume Information", "$Recycle.Bin")
# Not these themselves, because others live in them too; a folder inside one is fine. The first is the root, or a drive.
POSIX_PARENTS = (
    *("", "home", "media", "mnt", "opt", "root", "run", "srv", "tmp", "var", "var/lib", "var/log", "var/tmp"),
    *("Applications", "Library", "Users", "Volumes", "private", "private/tmp", "private/var"),
)
WINDOWS_PARENTS = ("", "ProgramData", "Users")


def is_system_directory(path: PurePath) -> bool:
    """Whether an absolute path, its links resolved, belongs to the system that it is written for."""
    windows = isinstance(path, PureWindowsPath)
    kind, trees, parents = (
        (PureWindowsPath, WINDOWS_TREES, WINDOWS_PARENTS) if windows else (PurePosixPath, POSIX_TREES, POSIX_PARENTS)
    )
    below_root = kind(*path.parts[1:])
    return any(below_root.is_relative_to(tree) for tree in trees) or below_root in map(kind, parents)
