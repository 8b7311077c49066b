"""Looks whether the folders of saves take files, without making or changing anything: for an operator who asks before.

A folder that stands is asked for a file without a name, or of many folders only whether this account may write there.
Whether a save would succeed now is `probing`'s to try.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from adapters.disk.files import Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.own_files import OwnFiles
from domain.names import malformed_user


def unwritable_folders(layout: Layout, files: Files, own: OwnFiles, folders: Iterable[str]) -> list[str]:
    """A sentence for each folder that takes no file, of those of all users and those of each."""
    of_all = (layout.users.parent, layout.staging, layout.users, layout.temp)
    found = [_sentence(layout, files, own, folder, thorough=True) for folder in of_all]
    ways: dict[Path, None] = {}
    for home in _homes_in(layout.users):
        for way in layout.folders(home.name, None):
            ways |= dict.fromkeys((way, *(way / folder for folder in folders), *_folders_in(way)))
    for home in _homes_in(layout.temp):
        ways |= dict.fromkeys((home, *_folders_in(home)))
    found += [_sentence(layout, files, own, way, thorough=False) for way in ways]
    return list(filter(None, found))


def _homes_in(folder: Path) -> list[Path]:
    """What stands in the place of users' folders; none where it cannot be looked at, which is told of itself."""
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if malformed_user(entry.name) is None]
    except OSError:
        return []


def _folders_in(folder: Path) -> list[Path]:
    """The folders right in one, but that of details; none where it cannot be read, which is told of itself."""
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []


def _sentence(layout: Layout, files: Files, own: OwnFiles, folder: Path, *, thorough: bool) -> str:
    """Why a folder takes no file, "" where it takes one or is not there."""
    name = folder.relative_to(layout.root)
    try:
        if sentence := own.refuse_way(folder / "any"):
            return sentence
        if not files.exists(folder):
            return ""
        if not own.is_folder(folder):
            return f"{name} is no folder. Move it away."
        files.refuse_append_only(folder)
        if thorough:
            with tempfile.TemporaryFile(dir=folder) as tried:
                tried.write(b"abby")
        elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return f"{name} may not be written by this account. Check who owns it, its permissions and attributes."
    except OSError as error:
        advice = "Check who owns it, its permissions and attributes, and its disk."
        return f"{name} takes no file ({error.strerror or error}). {advice}"
    return ""
