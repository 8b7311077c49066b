"""One post to the receiver of webhooks, and what its answer means; when it is tried again is `telling`'s to say.

Only the status counts. The body of an answer is not read, however long it is, and nobody is followed elsewhere: the
address is the operator's, also where it is on this machine or in a private network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp

from adapters.network.retry_after import retry_after_seconds
from adapters.ports.clock import Clock
from adapters.webhooks.messages import Message
from adapters.webhooks.signing import signature
from domain.instants import seconds_between

ANSWER_SECONDS = 20.0
CONNECT_SECONDS = 10.0
GONE = 410
"""It wants no messages any more."""
_EPOCH = "1970-01-01T00:00:00.000000Z"


class Answer(NamedTuple):
    """How an attempt ended: taken, or `why` not, as the end of a sentence; how long it asks to be left alone; whether
    it wants nothing any more.
    """

    is_taken: bool
    why: str = ""
    retry_after_seconds: float | None = None
    is_gone: bool = False


TAKEN = Answer(True)


class Receiver:
    """Where messages go. A connection lasts for one post."""

    def __init__(self, address: str, key: bytes, clock: Clock, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._address, self._key, self._clock, self._answer_seconds = address, key, clock, answer_seconds
        parts = urlsplit(address)
        self.shown = f"{parts.scheme}://{parts.netloc}"
        """Its address as it may be told: a path may be a secret."""

    async def tell(self, message: Message) -> Answer:
        """Posts a message once."""
        try:
            async with self._session() as session, session.post(
                self._address, data=message.body, headers=self._headers(message), allow_redirects=False
            ) as response:  # fmt: skip
                response.close()  # what follows the status is not waited for
                return _judged(response.status, response.headers)
        except TimeoutError:
            return Answer(False, f"it does not answer within {self._answer_seconds:g} seconds")
        except (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError):
            return Answer(False, "its certificate is not accepted")
        except aiohttp.ClientConnectorError as error:
            return Answer(False, f"it cannot be reached ({error.os_error.strerror or type(error.os_error).__name__})")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(False, f"it gives no whole answer ({type(error).__name__})")

    def _headers(self, message: Message) -> dict[str, str]:
        at_seconds = int(seconds_between(_EPOCH, self._clock()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "abby-ledger",
            "webhook-id": message.id,
            "webhook-timestamp": str(at_seconds),
            "webhook-signature": signature(self._key, message.id, at_seconds, message.body),
        }

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            timeout=aiohttp.ClientTimeout(
                total=self._answer_seconds, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


def _judged(status: int, headers: Mapping[str, str]) -> Answer:
    if 200 <= status < 300:
        return TAKEN
    if status == GONE:
        return Answer(False, "it wants no messages any more (410)", is_gone=True)
    why = f"it sends elsewhere ({status})" if 300 <= status < 400 else f"it answers {status}"
    return Answer(False, why, retry_after_seconds(headers))
