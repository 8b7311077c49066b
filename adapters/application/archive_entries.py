"""Images that leave together: each opened one after the other, under a name that is its own among them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

from adapters.application.storage import Storage
from adapters.application.whole_images import WholeImage, open_whole
from adapters.images.file_names import promises
from adapters.images.formats import EXTENSIONS

BLOCK_BYTES = 1024 * 1024


class Leaving(NamedTuple):
    """An image whose bytes are those that were kept, at their beginning, and their CRC-32. Close its file."""

    whole: WholeImage
    crc: int


def open_leaving(storage: Storage, user: str, name: str) -> Leaving | str:
    """One image, or a sentence that says why it does not come along. For a worker."""
    try:
        whole = open_whole(storage, user, name)
    except FileNotFoundError:
        return "Its file is gone, or damaged. Who runs the service finds more with `abby audit`."
    except OSError:
        return "Its file cannot be read at the moment."
    if whole is None:
        return "There is no image of that name. It may have been deleted already."
    crc = 0
    try:
        while block := whole.file.read(BLOCK_BYTES):
            crc = zlib.crc32(block, crc)
        whole.file.seek(0)
    except BaseException:
        whole.file.close()
        raise
    return Leaving(whole, crc)


def name_inside(whole: WholeImage, taken: Iterable[str]) -> str:
    """The image's own name, with the extension of its format where it has none that says so and no other has that name
    (`taken`, in lower case). Names of images are safe: none leads out of a folder.
    """
    image = whole.image
    named = image.name if promises(image.name) else f"{image.name}.{EXTENSIONS.get(image.media_type, 'bin')}"
    return image.name if named.lower() in taken else named
