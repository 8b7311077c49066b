"""Tries whether a save would succeed: goes its whole way with a few bytes, and leaves nothing behind.

As a save does, it lists the user's folder, writes and syncs an image and its details in the staging folder, makes what
folders are missing, and moves both files to where they belong. Which sizes are tried, and when, is the use cases' to
say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from secrets import token_bytes, token_hex
from threading import Lock

from adapters.disk.files import CREATE, Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.moving import move
from adapters.imagestore.local.own_files import OwnFiles
from adapters.ports.image_store import OWN_PREFIX, Place

PROBE_NAME = f"{OWN_PREFIX}probe"
"""What a probe is called for a moment in a folder of images. A crash may leave it; the next probe takes it away."""
BLOCK_BYTES = 65_536


class Probe:
    """The way of saves below one root."""

    def __init__(self, layout: Layout, files: Files, own: OwnFiles, *, lock_of: Callable[[str], Lock]) -> None:
        self._layout = layout
        self._files = files
        self._own = own
        self._lock_of = lock_of

    def carry_out_in(self, places: Sequence[Place], size_bytes: int, *, whole: bool) -> list[OSError | None]:
        """What a save would fail with in each place, None where it would not. The disk is asked for the room until it
        has given it; and users without a folder differ by their names alone, so the longest stands for all.
        """
        found: dict[Place, OSError | None] = {}
        alike = [] if whole else self._without_folder(places)
        for place in (*alike, *(place for place in places if place not in alike)):
            one_is_well = None in found.values()
            if place in alike and one_is_well:
                found[place] = None
                continue
            folders = self._layout.folders(*place)
            with self._lock_of(place.user or ""):
                try:
                    self._carry_out(folders, 0 if one_is_well and not whole else size_bytes, whole=whole)
                except OSError as error:
                    found[place] = error
                else:
                    found[place] = None
        return [found[place] for place in places]

    def _without_folder(self, places: Sequence[Place]) -> list[Place]:
        """The places of users who have no folder yet, that with the longest path first."""
        users = {place.user for place in places if place.user is not None}
        try:
            missing = self._files.missing(self._layout.users, users)
        except FileNotFoundError:
            missing = users
        except OSError:
            missing = set()
        alike = [place for place in places if place.user in missing]
        return sorted(alike, key=lambda place: -len("/".join(filter(None, place))))

    def _carry_out(self, folders: tuple[Path, ...], size_bytes: int, *, whole: bool) -> None:
        """Tries a save into `folders`: that of its image, and that of its details where there are some.

        The disk is asked for `size_bytes`, which are really written where `whole`; not for 0. Raises OSError.
        """
        self._own.require(folder / PROBE_NAME for folder in (self._layout.staging, *folders))
        for folder in (self._layout.staging, *folders):  # first, as what is put into such a folder stays there
            self._files.refuse_append_only(folder)
        self._files.make_directories(self._layout.staging)
        self._files.make_directories(self._layout.users)
        staged = [self._layout.staging / f"{OWN_PREFIX}{token_hex(16)}" for _ in folders]
        with ExitStack() as leaving:
            for number, path in enumerate(staged):
                leaving.callback(self._remove, path)
                self._stage(path, 0 if number else size_bytes, whole=whole)
            if whole:
                self._files.sync_directory(self._layout.staging)
            for folder in folders:
                self._make(folder, leaving)
            for path, folder in zip(staged, folders, strict=True):
                self._files.sample_directory(folder, 1)  # whether it may be read, as a save does
                leaving.callback(self._remove, folder / PROBE_NAME)
                move(self._files, path, folder / PROBE_NAME)
                if whole:
                    self._files.sync_directory(folder)
            for folder in folders:
                with suppress(FileNotFoundError):  # another probe of the same folder was quicker
                    self._files.unlink(folder / PROBE_NAME)

    def _stage(self, path: Path, size_bytes: int, *, whole: bool) -> None:
        """Writes and syncs; of several files only the first is large, and is synced where it need not be whole."""
        if whole:
            self._files.write_blocks_durably(path, _blocks(size_bytes))
            return
        fd = self._files.open(path, CREATE)
        try:
            if size_bytes:
                self._files.take_room(fd, size_bytes)
            self._files.write_all(fd, b"{}")
            if size_bytes:
                self._files.sync_data(fd)
        finally:
            self._files.close(fd)

    def _make(self, folder: Path, leaving: ExitStack) -> None:
        """Makes the folders that are missing, which go again, in the order of the last first."""
        missing = []
        while not self._files.exists(folder):
            missing.append(folder)
            folder = folder.parent
        for made in reversed(missing):
            self._files.make_directory(made)
            leaving.callback(self._remove_folder, made)

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            self._files.unlink(path)

    def _remove_folder(self, path: Path) -> None:
        with suppress(OSError):
            self._files.remove_directory(path)


def _blocks(size_bytes: int) -> Iterator[bytes]:
    """Random bytes, because a file system that compresses would keep no room for zeros; at least one."""
    block = token_bytes(BLOCK_BYTES)
    for begin in range(0, max(1, size_bytes), BLOCK_BYTES):
        yield block[: max(1, size_bytes) - begin]
