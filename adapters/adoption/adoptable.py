"""Judges one existing file: can it become the image of that user and name, does it stand already, or why is it left
alone?
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from adapters.adoption.former_layouts import Found, unreadable
from adapters.disk.files import Files
from adapters.images.check import CheckedImage, InvalidImage, check_image, contradiction
from adapters.imagestore.local.layout import Layout
from adapters.ports.image_store import ImageStore
from domain.names import name_key
from domain.view import View

CHANGED = "It was changed or taken away while it was looked at. Run the command again once nothing writes there."


class Stamp(NamedTuple):
    """By what a change of a file is noticed."""

    inode: int
    size_bytes: int
    written_ns: int
    is_ordinary: bool


class Fit(NamedTuple):
    """A file that can be adopted: its bytes, their digest, what picture they are. `in_place`: it is its own final
    path.
    """

    data: bytes
    sha256: str
    image: CheckedImage
    in_place: bool
    stamp: Stamp


def stamp_of(files: Files, path: Path) -> Stamp:
    """The stamp of what stands at a path now. Raises OSError."""
    status = files.lstat(path)
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns, S_ISREG(status.st_mode))


@dataclass(frozen=True)
class Judge:
    """What is asked about a file: what stands (`view`), where its bytes are (`path_of` user and name), where they
    are kept, the disk.
    """

    view: View
    images: ImageStore
    layout: Layout
    files: Files
    max_image_bytes: int
    path_of: Callable[[str, str], Path]

    def judge(self, found: Found) -> Fit | str | None:
        """A Fit, None where the image stands already with these bytes, or the sentence why it is left alone."""
        try:
            return self._look_at(found)
        except OSError as error:
            return unreadable(error)

    def _look_at(self, found: Found) -> Fit | str | None:
        before = stamp_of(self.files, found.source)
        if not before.is_ordinary:
            return CHANGED
        if before.size_bytes > self.max_image_bytes:
            return self._too_large(before.size_bytes)
        data = self.files.read(found.source)
        if stamp_of(self.files, found.source) != before or len(data) != before.size_bytes:
            return CHANGED
        current = self.view.current_image(found.user, name_key(found.name), temp=False)
        if current is None:
            return self._sentence_on_place(found) or self._fit(found, data, before)
        if self._stands_with(data, found.user, current.name):
            return None
        return f"The name {current.name} of {found.user} is taken by another image. Rename this file."

    def _stands_with(self, data: bytes, user: str, name: str) -> bool:
        path = self.path_of(user, name)
        return self.files.lexists(path) and self.files.read(path) == data

    def _sentence_on_place(self, found: Found) -> str | None:
        """Why no image can be put under the name, as far as the disk knows."""
        if sentence := self.images.refuse_path(found.user, found.name, temp=False):
            return sentence
        if self._is_in_place(found):
            return None
        if self.images.is_untracked(found.user, found.name, temp=False, view=self.view):
            return (
                f"A file that the log does not know lies at {self._final(found)}, or where its folder would be. "
                f"Adopt {self.layout.root} itself to bring it in, or move it away."
            )
        return None

    def _fit(self, found: Found, data: bytes, stamp: Stamp) -> Fit | str:
        try:
            image = check_image(data, max_bytes=self.max_image_bytes)
        except InvalidImage as fault:
            return str(fault)
        if sentence := contradiction(found.name, image.media_type):
            return sentence
        return Fit(data, sha256(data).hexdigest(), image, self._is_in_place(found), stamp)

    def _is_in_place(self, found: Found) -> bool:
        return self.files.is_same_file(found.source, self._final(found))

    def _final(self, found: Found) -> Path:
        return self.layout.final(found.user, found.name, temp=False)

    def _too_large(self, size_bytes: int) -> str:
        return (
            f"It has {size_bytes:,} bytes, and at most {self.max_image_bytes:,} are kept. "
            "Scale it down, or raise IMAGE_GENERATION_SIZE_MB."
        )
