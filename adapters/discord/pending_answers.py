"""Who waits for a picture on Discord, in a small file for each, so that the next start can tell them how it ended.

A file holds the interaction's token, which is a secret: its mode is 600, and it goes with the answer, or unread once
the token has ended. Losing one does no harm: a member is not told. So what cannot be written or read is logged.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import discord
import orjson
import structlog

from adapters.disk.files import CREATE, Files

FOLDER = Path("logs", "pending")
"""Below the storage root."""
TOKEN_SECONDS = 15 * 60.0 - 10.0
"""An interaction's token serves for so long."""
MOST = 1_000
"""So many stand there at once; who comes then is not noted."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class PendingAnswer(NamedTuple):
    """An interaction that was promised an answer: whose, under which id, since when (seconds of the epoch)."""

    interaction: int
    application: int
    token: str
    user: int
    at: float

    @classmethod
    def of(cls, interaction: discord.Interaction[Any]) -> PendingAnswer:
        """What is noted of an interaction."""
        return cls(
            interaction=interaction.id,
            application=interaction.application_id,
            token=interaction.token,
            user=interaction.user.id,
            at=interaction.created_at.timestamp(),
        )


class PendingAnswers:
    """Those of one storage root. One process at a time has them, as with the log."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._files = Files()
        self._files.confine(root)
        self._mine: set[int] = set()

    def note(self, pending: PendingAnswer) -> None:
        """An answer was promised."""
        if len(self._mine) >= MOST:
            return
        self._mine.add(pending.interaction)
        try:
            with suppress(FileExistsError):
                self._files.make_directory(self._folder, 0o700)
            self._write(self._file(pending.interaction), orjson.dumps(pending._asdict()))
        except OSError as error:
            _log.warning("not noted who waits for an answer", reason=error.strerror)

    def forget(self, interaction_id: int) -> None:
        """It has its answer."""
        if interaction_id not in self._mine:
            return
        self._mine.discard(interaction_id)
        with suppress(OSError):
            self._files.unlink(self._file(interaction_id))

    def leave(self, interaction_id: int) -> None:
        """Nobody could tell it: it is for whoever comes online next."""
        self._mine.discard(interaction_id)

    def left(self, now: float) -> list[PendingAnswer]:
        """What a former process had promised, and can still be told at this second of the epoch; what cannot is
        removed. For a worker.
        """
        try:
            files = [self._folder / name for name in self._files.list_directory(self._folder) if name.endswith(".json")]
        except OSError:
            return []
        read = {file: self._read(file) for file in files if file.stem not in {str(own) for own in self._mine}}
        for file, pending in read.items():
            if pending is None or now - pending.at > TOKEN_SECONDS:
                with suppress(OSError):
                    self._files.unlink(file)
        left = [pending for pending in read.values() if pending is not None and now - pending.at <= TOKEN_SECONDS]
        self._mine.update(pending.interaction for pending in left)
        return left

    def _file(self, interaction_id: int) -> Path:
        return self._folder / f"{interaction_id}.json"

    def _write(self, file: Path, content: bytes) -> None:
        """A new file. It need not outlive a power cut, so nobody waits for the disk."""
        fd = self._files.open(file, CREATE, 0o600)
        try:
            self._files.write_all(fd, content)
        finally:
            self._files.close(fd)

    def _read(self, file: Path) -> PendingAnswer | None:
        """What stands in a file; None where that is nothing to go by."""
        try:
            members = orjson.loads(self._files.read(file))
            return PendingAnswer(
                interaction=int(members["interaction"]),
                application=int(members["application"]),
                token=str(members["token"]),
                user=int(members["user"]),
                at=float(members["at"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
