"""The sessions of a running service, and `logs/sessions.json`, from which the next start knows them.

The service alone writes that file, so what it has in memory is what holds: who signs out is out at once, and who signs
in is in, also where the disk does not take it, because somebody has to make room there. What was not taken is written
with the next change, or with the next use that is a minute old. A file that is damaged signs nobody in, and is written
anew by the next who signs in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
import structlog

from adapters.disk.files import Files
from adapters.disk.whole_files import put_whole
from adapters.tokens.session import Session, Way, digest_of_cookie, is_cookie
from domain.instants import is_instant, seconds_between

MOST_OF_A_HOLDER, MOST_SESSIONS = 50, 5_000
"""Of more, those that were not used for longest have ended."""
NOTED_SECONDS = 3_600
"""How exactly it is kept when a session was used last."""
UNWRITTEN_SECONDS = 60
"""The same while the file is not as it should be."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Sessions:
    """Those of one storage root. What reads or writes the disk is for a worker."""

    def __init__(self, root: Path, files: Files) -> None:
        self.path = root / "logs" / "sessions.json"
        self._files = files
        self._changing = Lock()
        self._by_digest: Mapping[str, Session] = {}
        self.is_loaded = False
        self._is_unwritten = False

    def load(self) -> str | None:
        """Reads the file, once; a sentence where nothing can be made of it. Raises OSError."""
        with self._changing:
            if self.is_loaded:
                return None
            try:
                found = [_session(one) for one in orjson.loads(self._files.read(self.path))["sessions"]]
            except FileNotFoundError:
                found, trouble = [], None
            except (ValueError, KeyError, TypeError):
                found, trouble = [], f"{self.path} cannot be read as the file of sessions, so everybody signs in anew."
            else:
                trouble = None
            self._by_digest = {one.sha256: one for one in found}
            self.is_loaded = True
            return trouble

    def of_text(self, text: str, now: str) -> Session | None:
        """The session whose cookie this is, where it has not ended. What is compared are hashes."""
        found = self._by_digest.get(digest_of_cookie(text)) if is_cookie(text) else None
        return found if found is not None and found.holds(now) else None

    def begin(self, session: Session) -> None:
        """From now on it holds, over a restart too; where the disk does not take it, until then."""
        with self._changing:
            self._by_digest = {**self._by_digest, session.sha256: session}
            try:
                self._write(session.used_at)
            except OSError as error:
                _log.warning("session not kept over a restart", reason=str(error))

    def end(self, ended: Callable[[Session], bool], now: str) -> int:
        """Ends those of which this is true; how many. Raises OSError: then they have ended until the next start."""
        with self._changing:
            left = {digest: one for digest, one in self._by_digest.items() if not ended(one)}
            count = len(self._by_digest) - len(left)
            self._by_digest = left
            if count or self._is_unwritten:
                self._write(now)
            return count

    def is_to_be_noted(self, session: Session, now: str) -> bool:
        """Whether it was used so long after what is known that it is worth a line on the disk."""
        return seconds_between(session.used_at, now) >= (UNWRITTEN_SECONDS if self._is_unwritten else NOTED_SECONDS)

    def change(self, session: Session) -> None:
        """Keeps another form of a session that holds. Raises OSError: then memory alone knows."""
        with self._changing:
            if session.sha256 in self._by_digest:
                self._by_digest = {**self._by_digest, session.sha256: session}
                self._write(session.used_at)

    def _write(self, now: str) -> None:
        kept = _bounded(one for one in self._by_digest.values() if one.holds(now))
        self._by_digest = {one.sha256: one for one in kept}
        told = [one._asdict() for one in kept]
        self._is_unwritten = True
        put_whole(self._files, self.path, orjson.dumps({"sessions": told}, option=orjson.OPT_INDENT_2))
        self._is_unwritten = False


def _bounded(sessions: Iterable[Session]) -> list[Session]:
    """The ones used last: so many of each holder, and of all."""
    of_holder: dict[str, int] = {}
    kept = []
    for one in sorted(sessions, key=lambda session: session.used_at, reverse=True):
        of_holder[one.holder] = of_holder.get(one.holder, 0) + 1
        if of_holder[one.holder] <= MOST_OF_A_HOLDER:
            kept.append(one)
    return kept[:MOST_SESSIONS]


def _session(told: Mapping[str, Any]) -> Session:
    """A session of the file; raises ValueError, KeyError or TypeError for what is none."""
    texts = [told[name] for name in ("sha256", "holder", "name")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(told["manages"], bool):
        raise TypeError("a session's members are texts")
    if not (is_instant(told["began_at"]) and is_instant(told["used_at"])):
        raise ValueError("a session has times")
    return Session(
        sha256=told["sha256"],
        way=Way(told["way"]),
        holder=told["holder"],
        name=told["name"],
        manages=told["manages"],
        began_at=told["began_at"],
        used_at=told["used_at"],
    )
