"""What disks, desktops and git lay into a folder that is empty to a person."""

from __future__ import annotations

from domain.names import DESKTOP_FILES

_NAMES = frozenset(
    {
        *DESKTOP_FILES,
        *(".ds_store", ".fseventsd", ".gitignore", ".gitkeep", ".keep", ".spotlight-v100", ".trashes", "lost+found"),
        *("$recycle.bin", "system volume information"),
    }
)


def is_litter(name: str) -> bool:
    """Whether a name is one of these."""
    return name.lower() in _NAMES or name.startswith("._")
