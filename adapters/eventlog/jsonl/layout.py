"""Where the log and what belongs to it stand below the storage root. Images below it are the storage's; only their
folder is named here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class LogPaths(NamedTuple):
    """The files of one log.

    `log` holds the events; `log_in_making` is the log before it has its name. `head` is the watermark, `lock` the
    writer's lock, `reserve_file` the room kept for a full disk, `key` the random secret of request digests. `probe`
    stands for a moment while room is tried. `origin` says of a copy what it is a copy of. `torn` keeps what unfinished
    batches left, `snapshots` is for caches of projections. `images` stands beside `logs`; nothing in it is read or
    written by the log.
    """

    root: Path
    logs: Path
    log: Path
    log_in_making: Path
    head: Path
    lock: Path
    reserve_file: Path
    key: Path
    probe: Path
    origin: Path
    torn: Path
    snapshots: Path
    images: Path

    @classmethod
    def below(cls, root: Path) -> LogPaths:
        """The files of the log of a storage root, which is made absolute."""
        root = root.absolute()
        logs = root / "logs"
        return cls(
            root=root,
            logs=logs,
            log=logs / "events.jsonl",
            log_in_making=logs / "events.jsonl.new",
            head=logs / "head",
            lock=logs / ".lock",
            reserve_file=logs / ".spare",
            key=logs / ".key",
            probe=logs / ".probe",
            origin=logs / "copy-of",
            torn=logs / "torn",
            snapshots=logs / "snapshots",
            images=root / "images",
        )

    def has(self, name: str) -> bool:
        """Whether something of the log's has that name in its folder."""
        return any(path.parent == self.logs and path.name == name for path in self)
