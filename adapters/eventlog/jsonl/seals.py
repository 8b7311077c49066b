"""The secret of a log, `logs/.key`, and what it proves: that a watermark, a snapshot or a point that is kept elsewhere
was written by who had it.

The file is 32 random bytes, and after them ` seals` once the log's watermark was sealed: who cannot read the secret
cannot take that back without giving the log another one. Each kind of thing is sealed with a key of its own, made of
the secret, so that a seal of one is none of another. Requests are keyed with the secret itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from hashlib import sha256
from secrets import token_bytes
from typing import NamedTuple

import orjson

from adapters.disk.files import Files
from adapters.eventlog.jsonl.layout import LogPaths

SECRET_BYTES = 32
_SEALS = b" seals"
_ENDING_BYTES = len(b',"seal":""}') + 64
_HEAD, _SNAPSHOT, _POINT, _OLDER = b"abby head 1", b"abby snapshot 1", b"abby point 1", b"abby past 1"


class Key(NamedTuple):
    """The secret of a log, and whether a watermark was ever sealed with it."""

    secret: bytes
    has_sealed: bool = True

    def of_head(self, body: bytes) -> str:
        """The seal of a slot of the watermark, in hex."""
        return self._seal(_HEAD, body)

    def of_snapshot(self, body: bytes) -> str:
        """The seal of a snapshot's first line."""
        return self._seal(_SNAPSHOT, body)

    def of_older_snapshot(self, body: bytes) -> str:
        """The seal of the first line of one that is kept for replays of the past alone."""
        return self._seal(_OLDER, body)

    def of_point(self, body: bytes) -> str:
        """The seal of a point that is kept outside the log's folder."""
        return self._seal(_POINT, body)

    def _seal(self, purpose: bytes, body: bytes) -> str:
        own = hmac.digest(self.secret, purpose, sha256)
        return hmac.digest(own, body, sha256).hex()


class Proof(Enum):
    """What the seal of a watermark says. The value is what is wrong, for people; None where nothing is."""

    NOT_ASKED = 0
    """The key may not be read by who asks, or there is no watermark."""
    SEALED = 1
    """It was written with the key."""
    UNSEALED = 2
    """It has no seal, and the key has sealed none: it was written before there were seals."""
    FORGED = (
        "its watermark, logs/head, was not written with logs/.key: somebody else wrote it, or the key was replaced "
        "(put the head and the key of one copy back together)"
    )
    KEY_LOST = (
        "its watermark, logs/head, is sealed with the key logs/.key, which is missing or no key (put it back from the "
        "copy that the log is of)"
    )
    SEAL_LOST = (
        "its watermark, logs/head, has no seal, and logs/.key has sealed before: somebody else wrote it, or it is "
        "older than the key beside it"
    )

    @property
    def doubt(self) -> str | None:
        """What is wrong."""
        return self.value if isinstance(self.value, str) else None


def proof_of(body: bytes, seal: str | None, key: Key | None) -> Proof:
    """What a seal says of the bytes before it, with the key that stands; None where none does."""
    if seal is None:
        return Proof.SEAL_LOST if key is not None and key.has_sealed else Proof.UNSEALED
    if key is None:
        return Proof.KEY_LOST
    return Proof.SEALED if hmac.compare_digest(seal, key.of_head(body)) else Proof.FORGED


def sealed_line(fields: Mapping[str, object], seal: Callable[[bytes], str]) -> bytes:
    """A line of JSON, without its LF, whose last member is the seal of all bytes before that member."""
    body = orjson.dumps(fields)[:-1]
    return b'%b,"seal":"%b"}' % (body, seal(body).encode())


def is_sealed(line: bytes, seal: Callable[[bytes], str]) -> bool:
    """Whether a line is such a one."""
    expected = b',"seal":"%b"}' % seal(line[:-_ENDING_BYTES]).encode()
    return hmac.compare_digest(line[-_ENDING_BYTES:], expected)


def read_key(files: Files, paths: LogPaths) -> Key | None:
    """The key that stands, None where there is none or what stands is no key. Raises OSError."""
    if not files.lexists(paths.key):
        return None
    stored = files.read(paths.key, at_most=SECRET_BYTES + len(_SEALS) + 1)
    if stored[SECRET_BYTES:] not in {b"", _SEALS} or len(stored) < SECRET_BYTES:
        return None
    return Key(stored[:SECRET_BYTES], stored.endswith(_SEALS) and len(stored) > SECRET_BYTES)


def new_key() -> Key:
    """Another secret."""
    return Key(token_bytes(SECRET_BYTES))


def keep_key(files: Files, paths: LogPaths, key: Key) -> None:
    """Writes a key durably, in place of what stands there."""
    in_making = paths.key.with_name(".key.new")
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_durably(in_making, key.secret + (_SEALS if key.has_sealed else b""), 0o600)
    files.rename(in_making, paths.key)
    files.sync_directory(paths.logs)
