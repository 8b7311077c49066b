"""Backups that somebody else forged with care: every hash of them fits, and the watermark is sealed with their key.

Forging goes by the documents alone: it edits lines, makes the chain, the watermark and the manifest anew, and puts the
bytes where a backup has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from tests.adapters.eventlog.jsonl.logs import key_of, slot_of, write_head
from tests.scripts.forgery import Line, chained, header_of, lines_of

LOG = "log/logs/events.jsonl"


def manifest_says(folder: Path, **members: object) -> None:
    """Another manifest."""
    path = folder / "backup.json"
    path.write_bytes(orjson.dumps(json.loads(path.read_bytes()) | members))


def forged_contents(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Another list of files, with the hash that fits it in the manifest."""
    (path,) = folder.glob("contents-*")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(lines)
    data = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    path.unlink()
    (folder / f"contents-{sha256(data).hexdigest()}.jsonl").write_bytes(data)
    manifest_says(folder, contents=sha256(data).hexdigest())


def forge_log(folder: Path, log: bytes) -> None:
    """Another log, with the watermark and the manifest that fit it."""
    root = folder / "log"
    digest = log[-67:-3].decode()
    (folder / LOG).write_bytes(log)
    slot = slot_of(root)
    tip = slot.tip._replace(position=log.count(b"\n") - 1, offset=len(log), digest=bytes.fromhex(digest))
    write_head(root, slot._replace(tip=tip, reconciled=tip.position).sealed(key_of(root)))
    manifest_says(folder, hash=digest, log_bytes=len(log), position=tip.position)


def forge_save(folder: Path, saved: str, /, data: bytes | None = None, **members: object) -> None:
    """Lets the save of a name say something else; with other bytes, those are in the backup under their hash."""
    size: list[int] = []

    def forged(line: Line) -> Line:
        if line.type != "ImageSaved" or line.members["name"] != saved:
            return line
        said = dict(members)
        size.append(line.members["bytes"])
        if data is not None:
            said = {"bytes": len(data), "sha256": keep(folder, data)} | said
        tags = line.tags if "user" not in said else line.tags.replace(line.members["user"], str(said["user"]))
        return line.with_data(**said)._replace(tags=tags)

    log = (folder / LOG).read_bytes()
    forge_log(folder, chained(header_of(log), map(forged, lines_of(log))))
    if data is not None:
        told = json.loads((folder / "backup.json").read_bytes())["size_bytes"]
        manifest_says(folder, size_bytes=told - sum(size) + len(data))


def keep(folder: Path, data: bytes) -> str:
    """Puts bytes where a backup has them; gives their hash."""
    digest = sha256(data).hexdigest()
    (folder / "files" / digest[:2]).mkdir(exist_ok=True)
    (folder / "files" / digest[:2] / digest).write_bytes(data)
    return digest
