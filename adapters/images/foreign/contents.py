"""Recognises what bytes hold that no picture needs: pages, scripts, programs, archives, documents, plain text.

Each answer is a word for people, or None. Patterns that are looked for in any bytes are long enough that pixels do not
hold them by chance: for one of 20 MiB the odds are below 1 in 10,000. Short ones are looked for in texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

PAGE, SCRIPT, PROGRAM, ARCHIVE = "a web page", "a script", "a program", "an archive"
DOCUMENT, SHORTCUT, VIDEO, TEXT = "a document", "a shortcut", "a video", "a text"

_PHP = (
    rb"\?php[\s(]"
    rb"|\?=\s*(?:\$_(?:GET|POST|REQUEST|COOKIE|SERVER|FILES)|`[ -~]{6}"
    rb"|(?:system|exec|passthru|shell_exec|eval|assert|phpinfo)\s*\()"
)
_ASP = rb"%[@=!]?\s*(?:page|eval|request|response|runtime)\b"
_ALONE = rb"(?:script|html|iframe|object|embed|style|title)[\s/>]"
_DECLARED = rb"!(?:doctype\s+html|doctype\s+svg|entity\s)"
_WITH_ATTRIBUTES = (
    rb"(?:svg|img|body|meta|base|link|form|input|video|audio)[\s/]{1,9}[a-z:-]{3,20}\s{0,9}=\s{0,9}[\"'a-z/]"
)
_ANYWHERE = (
    (SCRIPT, b"<", re.compile(b"<(?:" + _PHP + b"|" + _ASP + b")", re.IGNORECASE)),
    (PAGE, b"<", re.compile(b"<(?:" + _ALONE + b"|" + _DECLARED + b"|" + _WITH_ATTRIBUTES + b")", re.IGNORECASE)),
    (PROGRAM, b"\x7fELF", re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01[\x00-\x12]")),
    (PROGRAM, b"This program ", re.compile(rb"This program (?:cannot|must) be run ")),
    (PROGRAM, b"\xca\xfe\xba\xbe", re.compile(rb"\xca\xfe\xba\xbe\x00[\x00-\x03]\x00[\x2d-\x50]\x00")),
    (SCRIPT, b"bin/", re.compile(rb"#! ?/(?:usr/)?(?:local/)?bin/")),
    (DOCUMENT, b"%PDF-", re.compile(rb"%PDF-[12]\.\d")),
    (DOCUMENT, b"\xd0\xcf\x11\xe0", re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    (SHORTCUT, b"L\0\0\0\x01\x14\x02\0", re.compile(rb"L\x00\x00\x00\x01\x14\x02\x00{5}\xc0\x00{6}F")),
    (
        ARCHIVE,
        b"PK\x03\x04",
        re.compile(rb"PK\x03\x04[\x00-\x40][\x00-\x03][\s\S]{2}(?:[\x00-\x0e]\x00|[\x5f-\x63]\x00)"),
    ),
    (ARCHIVE, b"Rar!\x1a\x07", re.compile(rb"Rar!\x1a\x07[\x00\x01]")),
    (ARCHIVE, b"7z\xbc\xaf", re.compile(rb"7z\xbc\xaf\x27\x1c\x00")),
)
"""What it is, bytes that it surely has, by which most files are passed over quickly, and how it is told."""
_BEGINNINGS = (
    (b"MZ", PROGRAM),
    (b"\xfe\xed\xfa", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\x7fELF", PROGRAM),
    (b"\0asm", PROGRAM),
    (b"dex\n", PROGRAM),
    (b"FWS", PROGRAM),
    (b"CWS", PROGRAM),
    (b"#!", SCRIPT),
    (b"PK\x03\x04", ARCHIVE),
    (b"PK\x05\x06", ARCHIVE),
    (b"\x1f\x8b\x08", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ\0", ARCHIVE),
    (b"MSCF\0", ARCHIVE),
    (b"ITSF", DOCUMENT),
    (b"{\\rtf", DOCUMENT),
    (b"%PDF", DOCUMENT),
    (b"%!PS", DOCUMENT),
    (b"<?xml", PAGE),
    (b"\x1aE\xdf\xa3", VIDEO),
)
_BLANKS = b" \t\r\n\0\xef\xbb\xbf"
_CODE = (
    *(b"eval(", b"alert(", b"atob(", b"fetch(", b"settimeout(", b"setinterval(", b"importscripts(", b"xmlhttprequest"),
    *(b"document.write", b"document.title", b"document.cookie", b"document.body", b"document.get", b"document.query"),
    *(b"document.create", b"document.location", b"window.open", b"window.location", b"location.href", b"location="),
    *(b"globalthis", b"console.log", b"sendbeacon"),
    *(b"function(", b"function (", b"){", b") {", b"=>{", b"=> {", b"javascript:", b"vbscript:", b"createobject("),
    *(b"onerror=", b"onload=", b"onclick=", b"onfocus=", b"ontoggle=", b"onmouseover=", b"onbegin="),
    *(b"<?php", b"<?=", b"<%", b"<!--#", b"<script", b"<svg", b"<img", b"<iframe", b"<html", b"<body", b"<!entity"),
    *(b"system(", b"passthru(", b"shell_exec(", b"execsync(", b"__import__(", b"import os", b"import subprocess"),
    *(b"curl http", b"wget http", b"curl -", b"wget -", b"rm -r", b"| sh", b"|sh", b"| bash", b"|bash", b"/bin/sh"),
    *(b"powershell", b"cmd.exe", b"cmd /c", b"@echo off", b"invoke-expression", b"getruntime", b"static void main"),
)
"""What scripts in the usual languages have and words of people have not, in lower case."""
_READABLE = re.compile(rb"[\t\n\r -~]{12,}")
"""What is not there by chance in bytes that are no text."""
LOOKED_AT_BYTES = 65_536
"""Of a part, in order to say whether it is text."""
_LEAST_TEXT_BYTES = 8
_LEAST_TEXT_SHARE = 0.75
_MOST_COMMENT_BYTES = 65_535
"""Of an archive: it is found by its last record, which only a comment may follow."""
_LAST_RECORD = b"PK\x05\x06"
_LAST_RECORD_BYTES = 22
_MOST_RECORDS = 64
_MOST_FOUND = 1_000


def found_anywhere(data: bytes) -> Iterator[tuple[int, str]]:
    """Where in the bytes something is that no picture has by chance, and what."""
    for what, surely, pattern in _ANYWHERE:
        if surely in data:
            yield from ((found.start(), what) for found in islice(pattern.finditer(data), _MOST_FOUND))
    at = _archive_end(data)
    if at is not None:
        yield at, ARCHIVE


def begins_as(body: bytes) -> str | None:
    """What bytes are by how they begin."""
    if body[4:8] == b"ftyp":
        return VIDEO
    begun = body.lstrip(_BLANKS)
    return next((what for beginning, what in _BEGINNINGS if begun.startswith(beginning)), None)


def code_in(body: bytes) -> str | None:
    """A script, where there is one in what can be read of the bytes."""
    readable = (body if is_text(body) else b"\n".join(_READABLE.findall(body))).lower()
    return SCRIPT if any(code in readable for code in _CODE) else None


def is_text(body: bytes) -> bool:
    """Whether it begins and goes on as text, zero bytes aside."""
    looked_at = body[:LOOKED_AT_BYTES]
    letters = looked_at.replace(b"\0", b"")
    if len(letters) < _LEAST_TEXT_BYTES or len(letters) < len(looked_at) * _LEAST_TEXT_SHARE:
        return False
    try:
        text = letters.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(looked_at) == len(body) or error.start < len(letters) - 4:
            return False
        text = letters[: error.start].decode("utf-8")
    return "".join(text.split()).isprintable()


def _archive_end(data: bytes) -> int | None:
    """Where the last record of a ZIP archive is, by which programs find one that stands behind anything else."""
    end = len(data)
    for _ in range(_MOST_RECORDS):
        at = data.rfind(_LAST_RECORD, max(0, len(data) - _MOST_COMMENT_BYTES - _LAST_RECORD_BYTES), end)
        if at < 0:
            return None
        directory_bytes = int.from_bytes(data[at + 12 : at + 16], "little")
        begins = data[at - directory_bytes : at - directory_bytes + 4] if directory_bytes <= at else b""
        if begins in (b"PK\x01\x02", _LAST_RECORD) and at + _LAST_RECORD_BYTES <= len(data):
            return at
        end = at + len(_LAST_RECORD) - 1
    return None
