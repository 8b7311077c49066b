"""Stored states as earlier versions of the program kept them."""

from __future__ import annotations

import re

from adapters.ledger.snapshot_state import SCHEMA


def without_corrections(stored: bytes) -> bytes:
    """The same as schema 3 had it, which told nothing of corrections of the clock."""
    schema, corrections, rest = stored.split(b"\n", 2)
    assert corrections.startswith(b'{"table":"corrections"')
    return schema.replace(b"%d" % SCHEMA, b"3") + b"\n" + rest


def without_taken_in(stored: bytes) -> bytes:
    """The same as schema 4 had it, which told nothing of what settings gave."""
    schema, rest = stored.split(b"\n", 1)
    less = re.sub(rb',\["taken_in",\[[^\]]*\]\]', b"", rest)
    assert less != rest
    return schema.replace(b"%d" % SCHEMA, b"4") + b"\n" + less
