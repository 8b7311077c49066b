"""What is asked of Discord's REST interface for signing in, within bounds of time and size; nothing of it is logged."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import aiohttp
import orjson

ANSWER_SECONDS = 10.0
MAX_ANSWER_BYTES = 1_048_576
AGENT = "DiscordBot (https://pypi.org/project/abby-ledger, 1)"
"""Discord asks programs to name themselves in this form."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class DiscordUnreachable(Exception):
    """Discord cannot answer now: it is away, slow, broken, or asks to wait."""


class DiscordRefused(Exception):
    """Discord's answer is no, and would be no again."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Discord answered {status}")
        self.status = status


class DiscordApi(NamedTuple):
    """The interface at one address. `bot_token` None: nothing can be asked in a bot's name."""

    base: str
    bot_token: str | None = None
    answer_seconds: float = ANSWER_SECONDS

    async def as_bot(self, path: str) -> Any:
        """What the bot sees; None where it may not see it, where there is no such thing, or where there is no bot.
        Raises DiscordUnreachable.
        """
        if self.bot_token is None:
            return None
        try:
            return await self._ask("GET", path, {"Authorization": f"Bot {self.bot_token}"})
        except DiscordRefused:
            return None

    async def as_person(self, path: str, access_token: str) -> Any:
        """What a person sees. Raises DiscordUnreachable and DiscordRefused."""
        return await self._ask("GET", path, {"Authorization": f"Bearer {access_token}"})

    async def send_form(self, path: str, form: Mapping[str, str]) -> Any:
        """The answer to a form. Raises DiscordUnreachable and DiscordRefused."""
        return await self._ask("POST", path, {}, form)

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Any:
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=self.answer_seconds),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                ) as session,
                session.request(
                    method,
                    self.base + path,
                    data=form,
                    headers={"User-Agent": AGENT, "Accept": "application/json", **headers},
                    allow_redirects=False,
                ) as answer,
            ):
                status, body = answer.status, await answer.content.read(MAX_ANSWER_BYTES)
                while more := await answer.content.read(MAX_ANSWER_BYTES - len(body) + 1):
                    body += more
                    if len(body) > MAX_ANSWER_BYTES:
                        raise DiscordUnreachable("an answer without end")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DiscordUnreachable(type(error).__name__) from None
        return _read(status, body)


def _read(status: int, body: bytes) -> Any:
    """What the answer says; what nobody expects of Discord is as good as none."""
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LATER:
        raise DiscordRefused(status)
    if status != HTTPStatus.OK:
        raise DiscordUnreachable(f"Discord answered {status}")
    try:
        return orjson.loads(body)
    except ValueError:
        raise DiscordUnreachable("an answer that is no JSON") from None
