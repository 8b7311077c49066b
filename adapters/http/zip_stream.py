"""A zip (APPNOTE 6.3.10) written as it is sent: files as they are, not compressed, whose size and checksum are known
before the first of their bytes. So nothing is kept but the list of what was sent.

Sizes that need zip64 do not come here: `MOST_BYTES` and the 16-bit count are its caller's to keep.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MOST_BYTES = 0xFFFF_FFFF - 0x100_0000
"""Of all files together; what is written around them takes less than the rest."""
_VERSION, _STORED, _UTF8 = 20, 0, 0x800
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_REGULAR_FILE = 0o100600 << 16
_UNIX = 3 << 8


class Entry(NamedTuple):
    """One file: its name inside, when it was made (RFC 3339), its size and CRC-32."""

    name: str
    at: str
    size_bytes: int
    crc: int


class ZipStream:
    """What is written around the bytes of the files, in their order."""

    def __init__(self) -> None:
        self._entries: list[tuple[Entry, int]] = []
        self._offset = 0

    def head(self, entry: Entry) -> bytes:
        """What comes before the bytes of a file; just so many as it tells have to follow."""
        name = entry.name.encode()
        time, day = _dos_time(entry.at)
        sizes = (entry.crc, entry.size_bytes, entry.size_bytes)
        head = _LOCAL.pack(b"PK\3\4", _VERSION, _UTF8, _STORED, time, day, *sizes, len(name), 0) + name
        self._entries.append((entry, self._offset))
        self._offset += len(head) + entry.size_bytes
        return head

    def end(self) -> bytes:
        """What comes after all of them."""
        listed = b"".join(_listed(entry, offset) for entry, offset in self._entries)
        count = len(self._entries)
        return listed + _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), self._offset, 0)


def _listed(entry: Entry, offset: int) -> bytes:
    name = entry.name.encode()
    time, day = _dos_time(entry.at)
    sizes = (entry.crc, entry.size_bytes, entry.size_bytes)
    versions, rest = (_UNIX | _VERSION, _VERSION), (len(name), 0, 0, 0, 0, _REGULAR_FILE, offset)
    return _CENTRAL.pack(b"PK\1\2", *versions, _UTF8, _STORED, time, day, *sizes, *rest) + name


def _dos_time(at: str) -> tuple[int, int]:
    """The time and the day as MS-DOS has them: from 1980 on, to two seconds."""
    year, month, day = (int(part) for part in at[:10].split("-"))
    hour, minute, second = (int(part) for part in at[11:19].split(":"))
    return hour << 11 | minute << 5 | second // 2, max(0, year - 1980) << 9 | month << 5 | day
