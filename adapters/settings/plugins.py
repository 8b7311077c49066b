"""Keeps pydantic, which checks settings and arguments, from looking for plugins.

None is ours, and to look for one reads the metadata of all that is installed: that takes longer than a short command.
"""

from __future__ import annotations

import os


def look_for_no_plugins() -> None:
    """From here on, where nothing else is said; there is no other way to say it."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
