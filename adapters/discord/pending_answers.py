"""Who waits for an answer on Discord, in a small file for each, so that the next start can tell them how it ended.

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
FINISHED = ".json"
UNFINISHED = ".new"

_log = structlog.wrap_logger(logging.getLogger(__name__))


class PendingAnswer(NamedTuple):
    """An interaction that was promised an answer: whose, under which id, since when (seconds of the epoch); whether in
    a message of its own; and the names of the pictures that were shown already.
    """

    interaction: int
    application: int
    token: str
    user: int
    at: float
    is_message: bool = True
    shown: tuple[str, ...] = ()

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], *, is_message: bool = True) -> PendingAnswer:
        """What is noted of an interaction."""
        return cls(
            interaction=interaction.id,
            application=interaction.application_id,
            token=interaction.token,
            user=interaction.user.id,
            at=interaction.created_at.timestamp(),
            is_message=is_message,
        )


class PendingAnswers:
    """Those of one storage root. One process at a time has them, as with the log."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._files = Files()
        self._files.confine(root)
        self._mine: dict[int, PendingAnswer] = {}

    def note(self, pending: PendingAnswer) -> bool:
        """An answer is about to be promised; whether that is noted anew."""
        if len(self._mine) >= MOST or pending.interaction in self._mine:
            return False
        self._mine[pending.interaction] = pending
        self._write(pending)
        return True

    def shown(self, interaction_id: int, name: str) -> None:
        """One of the pictures is there; who asked waits for the rest."""
        if (pending := self._mine.get(interaction_id)) is not None:
            self._mine[interaction_id] = pending._replace(shown=(*pending.shown, name))
            self._write(self._mine[interaction_id])

    def forget(self, interaction_id: int) -> None:
        """It has its answer."""
        if self._mine.pop(interaction_id, None) is not None:
            with suppress(OSError):
                self._files.unlink(self._file(interaction_id))

    def leave(self, interaction_id: int) -> None:
        """Nobody could tell it: it is for whoever comes online next."""
        self._mine.pop(interaction_id, None)

    def left(self, now: float) -> list[PendingAnswer]:
        """What a former process had promised, and can still be told at this second of the epoch; what cannot is
        removed. For a worker.
        """
        try:
            found = [self._folder / name for name in sorted(self._files.list_directory(self._folder))]
        except OSError:
            return []
        mine = {str(own) for own in list(self._mine)}
        others = [file for file in found if file.stem not in mine]
        for file in others:
            if file.suffix == UNFINISHED:
                with suppress(OSError):
                    self._files.unlink(file)
        read = {file: self._read(file) for file in others if file.suffix == FINISHED}
        for file, pending in read.items():
            if pending is None or now - pending.at > TOKEN_SECONDS:
                with suppress(OSError):
                    self._files.unlink(file)
        left = [pending for pending in read.values() if pending is not None and now - pending.at <= TOKEN_SECONDS]
        self._mine.update((pending.interaction, pending) for pending in left)
        return left

    def _write(self, pending: PendingAnswer) -> None:
        """Puts a note where the next process finds it, whole or as it was before. It need not outlive a power cut, so
        nobody waits for the disk.
        """
        file = self._file(pending.interaction)
        aside = file.with_suffix(UNFINISHED)
        try:
            with suppress(FileExistsError):
                self._files.make_directory(self._folder, 0o700)
            with suppress(FileNotFoundError):
                self._files.unlink(aside)
            self._fill(aside, orjson.dumps(pending._asdict()))
            self._files.rename(aside, file)
        except OSError as error:
            _log.warning("not noted who waits for an answer", reason=error.strerror)

    def _fill(self, file: Path, content: bytes) -> None:
        fd = self._files.open(file, CREATE, 0o600)
        try:
            self._files.write_all(fd, content)
        finally:
            self._files.close(fd)

    def _file(self, interaction_id: int) -> Path:
        return self._folder / f"{interaction_id}{FINISHED}"

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
                is_message=bool(members.get("is_message", True)),
                shown=tuple(map(str, members.get("shown", ()))),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
