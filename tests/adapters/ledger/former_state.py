"""Stored states as earlier versions of the program kept them."""

from __future__ import annotations

import re

from adapters.ledger.snapshot_state import SCHEMA


def without_windows(stored: bytes) -> bytes:
    """The same as schema 5 had it, which told nothing of windows, grants and tiers."""
    schema, rest = stored.split(b"\n", 1)
    less = re.sub(rb'\{"table":"(windows|grants|tiers|members)"[^\n]*\n', b"", rest)
    return schema.replace(b"%d" % SCHEMA, b"5") + b"\n" + less


def without_taken_in(stored: bytes) -> bytes:
    """The same as schema 4 had it, which told nothing of what settings gave."""
    schema, rest = without_windows(stored).split(b"\n", 1)
    less = re.sub(rb',\["taken_in",\[[^\]]*\]\]', b"", re.sub(rb",\[\],\[\],\[\]\]", b"]", rest))
    assert b"taken_in" not in less
    return schema.replace(b"5", b"4") + b"\n" + less


def without_corrections(stored: bytes) -> bytes:
    """The same as schema 3 had it, which told nothing of corrections of the clock."""
    schema, corrections, rest = without_windows(stored).split(b"\n", 2)
    assert corrections.startswith(b'{"table":"corrections"')
    return schema.replace(b"5", b"3") + b"\n" + rest
