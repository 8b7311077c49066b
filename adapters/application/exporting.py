"""All that is kept of a user, as archives that each fit into a file of some size: what is recorded, how each image was
made, and every image whole.

An image that is larger than one archive may be is cut, and its pieces joined give it back.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from adapters.application.reading import ReadableStorage, image_bytes, recorded_of
from adapters.application.results import ImageSave
from adapters.application.saves import saves_of
from adapters.images.file_names import promises
from adapters.images.formats import EXTENSIONS
from adapters.ports.faults import StorageUnavailable
from domain.event_data import to_data
from domain.events import CleanupCompleted, Event, ImageSaved
from domain.names import name_key

MOST_EVENTS = 1_000_000
ROOM_FOR_NAMES_BYTES = 400
"""What an archive needs for an entry beyond its bytes, at most: its name, twice, and two headers."""
ROOM_FOR_END_BYTES = 1_000
"""What an archive needs beyond its entries, and what deflated text may need more than was measured."""
LEAST_ARCHIVE_BYTES = 4_096
JOIN = """\
Some of your images are larger than one file may be here, so they are cut into pieces: `.part-1`, `.part-2` and so on
behind the name of the image. Put the pieces of all archives into one folder and join them in their order:

  Linux, macOS:  cat image.png.part-1 image.png.part-2 > image.png
  Windows:       copy /b image.png.part-1 + image.png.part-2 image.png
"""


class Entry(NamedTuple):
    """One file of an archive: text that is given, or the bytes of an image from `begin` to `end`."""

    name: str
    size_bytes: int
    text: bytes = b""
    save: ImageSave | None = None
    begin: int = 0
    end: int = 0


class Export(NamedTuple):
    """What goes into which archive, how many images there are in all of them, and the SHA-256 of their bytes, in hex,
    by the positions of their saves.
    """

    user: str
    archives: tuple[tuple[Entry, ...], ...]
    images: int
    digests: Mapping[int, str] = MappingProxyType({})


class Archive(NamedTuple):
    """The bytes of one archive, and the names of the images that should be in it and whose own bytes are gone, others
    than were kept, or cannot be read.
    """

    data: bytes
    lacking: tuple[str, ...]


def plan_export(storage: ReadableStorage, user: str, at_most_bytes: int) -> Export:
    """What goes into which archive of at most so many bytes, and no fewer than LEAST_ARCHIVE_BYTES. Raises Faults. For
    a worker.
    """
    room = max(at_most_bytes, LEAST_ARCHIVE_BYTES) - ROOM_FOR_END_BYTES - ROOM_FOR_NAMES_BYTES
    saves = saves_of(storage, user)
    recorded = recorded_of(storage, user, MOST_EVENTS)
    digests = {position: event.sha256 for position, event in recorded if isinstance(event, ImageSaved)}
    entries = [*_record(storage, user, (event for _, event in recorded), saves, room)]
    named = {name_key(save.name) for save in saves}
    entries += [entry for save in saves for entry in _pieces(save, _file_name(save, named), room)]
    if any(entry.save and entry.end - entry.begin < entry.save.size_bytes for entry in entries):
        entries.insert(0, _text("how-to-join.txt", JOIN.encode()))
    return Export(user, tuple(_packed(entries, room + ROOM_FOR_NAMES_BYTES)), len(saves), digests)


def archive_of(storage: ReadableStorage, export: Export, index: int) -> Archive:
    """One of the archives; an image that was deleted or saved anew since is left out. Raises Faults. For a worker."""
    buffer, lacking = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry in export.archives[index]:
            if entry.save is None:
                archive.writestr(entry.name, entry.text, zipfile.ZIP_DEFLATED)
            elif (data := _bytes_of(storage, export, entry.save)) is not None:
                archive.writestr(entry.name, data[entry.begin : entry.end])
            elif _stands(storage, export.user, entry.save):
                lacking.append(entry.save.name)
    return Archive(buffer.getvalue(), tuple(lacking))


def _record(
    storage: ReadableStorage, user: str, recorded: Iterable[Event], saves: Iterable[ImageSave], room: int
) -> Iterator[Entry]:
    """What is recorded and how each image was made, in as many files as it takes."""
    own = (_own(event, user) for event in recorded)
    events = [{"type": type(event).__name__, "data": to_data(event)} for event in own]
    names = [save.name for save in saves]
    try:
        told = storage.running().images.read_all_details(user, names)
    except OSError as error:  # an archive without them would be taken for all there is
        raise StorageUnavailable(error.strerror or str(error)) from error
    details = list(zip(names, told, strict=True))
    texts = list(_texts(user, events, details, room))
    for number, text in enumerate(texts, 1):
        yield _text("record.json" if len(texts) == 1 else f"record-{number}.json", text)


def _own(event: Event, user: str) -> Event:
    """An event as far as it is the user's: one cleanup removes the temp files of many."""
    if not isinstance(event, CleanupCompleted):
        return event
    files = tuple(file for file in event.files if file.user == user)
    return event._replace(files=files, freed_bytes=sum(file.bytes for file in files))


def _texts(user: str, events: list[Any], details: list[Any], room: int) -> Iterator[bytes]:
    """The record as one JSON object, or as the halves of it where that is too large."""
    text = orjson.dumps({"user": user, "events": events, "images": dict(details)}, option=orjson.OPT_INDENT_2)
    if _text("", text).size_bytes <= room or len(events) + len(details) <= 1:
        yield text
        return
    half_events, half_details = len(events) // 2, len(details) // 2
    yield from _texts(user, events[:half_events], details[:half_details], room)
    yield from _texts(user, events[half_events:], details[half_details:], room)


def _text(name: str, text: bytes) -> Entry:
    return Entry(name, len(zlib.compress(text)), text)


def _file_name(save: ImageSave, named: Collection[str]) -> str:
    """The image's name, and behind one that promises something else an extension of its format: logs that were written
    before names had rules hold such.
    """
    right = EXTENSIONS.get(save.media_type)
    if right is None or promises(save.name) == save.media_type or "." not in save.name.rpartition("/")[2]:
        return save.name
    name = f"{save.name}.{right}"
    return name if name_key(name) not in named else f"{save.name}.{save.position}.{right}"


def _pieces(save: ImageSave, file_name: str, room: int) -> Iterator[Entry]:
    """An image as it is, or the pieces of a large one."""
    name, size = f"images/{file_name}", save.size_bytes
    if size <= room:
        yield Entry(name, size, save=save, end=size)
        return
    for number, begin in enumerate(range(0, size, room), 1):
        end = min(begin + room, size)
        yield Entry(f"{name}.part-{number}", end - begin, save=save, begin=begin, end=end)


def _packed(entries: Iterable[Entry], room: int) -> Iterator[tuple[Entry, ...]]:
    """The entries in their order, so many together as there is room for."""
    taken: list[Entry] = []
    used = 0
    for entry in entries:
        needed = entry.size_bytes + ROOM_FOR_NAMES_BYTES
        if taken and used + needed > room:
            yield tuple(taken)
            taken, used = [], 0
        taken.append(entry)
        used += needed
    yield tuple(taken)


def _bytes_of(storage: ReadableStorage, export: Export, save: ImageSave) -> bytes | None:
    """Those that were kept; None where they are not to be had."""
    try:
        data = image_bytes(storage, export.user, save.name)
    except OSError:  # its file is gone, or cannot be read
        return None
    if data is None or len(data) != save.size_bytes:
        return None
    digest = sha256(data).hexdigest()
    return data if export.digests.get(save.position, digest) == digest else None  # of very old saves none is known


def _stands(storage: ReadableStorage, user: str, save: ImageSave) -> bool:
    image = storage.running().state.current_image(user, name_key(save.name), temp=False)
    return image is not None and image.position == save.position
