"""The bytes of kept images, given out only where they are those that were kept: by the SHA-256 that the log has."""

from __future__ import annotations

import hashlib
from io import BufferedIOBase
from time import sleep
from typing import NamedTuple

from adapters.application.reading import LOOK_PAUSE_SECONDS, LOOKS, damaged_file, open_image
from adapters.application.storage import Storage
from domain.names import name_key
from domain.usage import CurrentImage


class WholeImage(NamedTuple):
    """A current image and its file, open at its beginning, which stays what it is whatever is renamed over it. Close
    it.
    """

    image: CurrentImage
    sha256: str
    file: BufferedIOBase


def open_whole(storage: Storage, user: str, name: str) -> WholeImage | None:
    """A kept image whose bytes are those that were kept; None where no such name stands.

    Raises OSError: FileNotFoundError where they are gone, DamagedFileError where they are others. For a worker.
    """
    root = storage.running()
    for _ in range(LOOKS):
        image = root.state.current_image(user, name_key(name), temp=False)
        file = None if image is None else open_image(storage, user, name)
        if image is None or file is None:
            return None
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest == storage.remembered.digest(root, image.position):
                file.seek(0)
                return WholeImage(image, digest, file)
        except BaseException:
            file.close()
            raise
        file.close()
        sleep(LOOK_PAUSE_SECONDS)  # the name may just be saved anew: its file is the new one before its figures are
    raise damaged_file(name, "has other bytes than were kept")
