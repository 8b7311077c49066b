"""Who waits for an answer on Discord, in a small file for each, so that the next start can tell them how it ended.

A file holds the interaction's token, which is a secret: its mode is 600, and it goes with the answer, or unread once
the token has ended. Losing one does no harm: a member is not told. So what cannot be written or read is logged.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import discord
import orjson
import structlog

FOLDER = Path("logs", "pending")
"""Below the storage root."""
TOKEN_SECONDS = 15 * 60.0 - 10.0
"""An interaction's token serves for so long."""
MOST = 1_000
"""So many stand there at once; who comes then is not noted."""

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
                self._file(interaction_id).unlink()

    def leave(self, interaction_id: int) -> None:
        """Nobody could tell it: it is for whoever comes online next."""
        self._mine.pop(interaction_id, None)

    def left(self, now: float) -> list[PendingAnswer]:
        """What a former process had promised, and can still be told at this second of the epoch; what cannot is
        removed. For a worker.
        """
        try:
            files = sorted(self._folder.glob("*.json"))
            unfinished = list(self._folder.glob("*.new"))
        except OSError:
            return []
        mine = {str(own) for own in list(self._mine)}
        for file in unfinished:
            if file.stem not in mine:
                file.unlink(missing_ok=True)
        read = {file: _read(file) for file in files if file.stem not in mine}
        for file, pending in read.items():
            if pending is None or now - pending.at > TOKEN_SECONDS:
                with suppress(OSError):
                    file.unlink()
        left = [pending for pending in read.values() if pending is not None and now - pending.at <= TOKEN_SECONDS]
        self._mine.update((pending.interaction, pending) for pending in left)
        return left

    def _write(self, pending: PendingAnswer) -> None:
        """Puts a note where the next process finds it, whole or as it was before."""
        aside = self._file(pending.interaction).with_suffix(".new")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with open(aside, "wb", opener=_private) as file:
                file.write(orjson.dumps(pending._asdict()))
            aside.replace(self._file(pending.interaction))
        except OSError as error:
            _log.warning("not noted who waits for an answer", reason=error.strerror)

    def _file(self, interaction_id: int) -> Path:
        return self._folder / f"{interaction_id}.json"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _read(file: Path) -> PendingAnswer | None:
    """What stands in a file; None where that is nothing to go by."""
    try:
        members = orjson.loads(file.read_bytes())
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
