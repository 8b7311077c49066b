"""What a person of Discord may do on the page: the bot's rules, asked of Discord in the bot's name.

Who owns the bot, or manages the server of the managers' channel, may do everything. Everybody else has what is theirs:
whom the log knows, or who is in a server with the bot. `adapters/discord/permissions.py` has the same rules for what is
done in Discord itself; a server's managers who are not the bot's have nothing of others here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from adapters.http.people.discord_api import DiscordApi, DiscordUnreachable

ADMINISTRATOR, MANAGE_GUILD = 1 << 3, 1 << 5
OWNING_ROLES = frozenset({"admin", "developer"})
ACCEPTED = 2
MOST_SERVERS = 50
"""In which a person is looked for whom the log does not know."""
ANEW_SECONDS, RETRY_SECONDS = 600.0, 30.0
MOST_LOOKED = 1_000
"""How long a manager is believed to be one, and after what time Discord is asked again that did not answer."""


class _Looked(NamedTuple):
    manages: bool
    again_at: float


class Rights:
    """The rules for one bot. `owner` 0: whoever owns the application; `managers_channel` 0: nobody but the owner."""

    def __init__(
        self,
        api: DiscordApi,
        *,
        owner: int,
        managers_channel: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._owner = owner
        self._channel = managers_channel
        self._monotonic = monotonic
        self._looked: dict[str, _Looked] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def manages(self, person: str) -> bool:
        """Whether somebody may do everything, as Discord says it now. Raises DiscordUnreachable."""
        manages = await self._owns(person) or await self._is_of_managers(person)
        if len(self._looked) >= MOST_LOOKED:
            self._looked.clear()
        self._looked[person] = _Looked(manages, self._monotonic() + ANEW_SECONDS)
        return manages

    async def still_manages(self, person: str) -> bool:
        """The same of somebody who was a manager, asked anew now and then; not while Discord does not answer."""
        async with self._asking.setdefault(person, asyncio.Lock()):
            known = self._looked.get(person)
            if known is not None and self._monotonic() < known.again_at:
                return known.manages
            try:
                return await self.manages(person)
            except DiscordUnreachable:
                self._looked[person] = _Looked(manages=False, again_at=self._monotonic() + RETRY_SECONDS)
                return False

    async def shares_a_server(self, person: str) -> bool:
        """Whether the bot is in a server with somebody. Raises DiscordUnreachable."""
        for server in _listed(await self._api.as_bot("/users/@me/guilds?limit=200"))[:MOST_SERVERS]:
            if await self._api.as_bot(f"/guilds/{_id(server)}/members/{person}") is not None:
                return True
        return False

    async def _owns(self, person: str) -> bool:
        if self._owner:
            return person == str(self._owner)
        application = _object(await self._api.as_bot("/oauth2/applications/@me"))
        team = application.get("team")
        if not isinstance(team, dict):
            return person == _id(application.get("owner"))
        accepted = (
            _id(_object(member).get("user"))
            for member in _listed(team.get("members"))
            if member.get("role") in OWNING_ROLES and member.get("membership_state") == ACCEPTED
        )
        return person in {*accepted, str(team.get("owner_user_id"))}

    async def _is_of_managers(self, person: str) -> bool:
        if not self._channel:
            return False
        server = _object(await self._api.as_bot(f"/channels/{self._channel}")).get("guild_id")
        if not isinstance(server, str) or not server.isdecimal():
            return False
        member = _object(await self._api.as_bot(f"/guilds/{server}/members/{person}"))
        if not member or _is_timed_out(member):
            return False
        guild = _object(await self._api.as_bot(f"/guilds/{server}"))
        if person == str(guild.get("owner_id")):
            return True
        roles = {server, *map(str, member.get("roles") or ())}
        return bool(_permissions(_listed(guild.get("roles")), roles) & (ADMINISTRATOR | MANAGE_GUILD))


def _permissions(roles: Iterable[Mapping[str, Any]], held: set[str]) -> int:
    """What a member's roles allow together, that of everybody among them."""
    found = 0
    for role in roles:
        if _id(role) in held and str(role.get("permissions", "")).isdecimal():
            found |= int(role["permissions"])
    return found


def _is_timed_out(member: Mapping[str, Any]) -> bool:
    """Whether the server's moderators have taken all rights for a while."""
    try:
        until = datetime.fromisoformat(str(member.get("communication_disabled_until")))
    except ValueError:
        return False
    return until.astimezone(UTC) > datetime.now(UTC)


def _object(answer: Any) -> Mapping[str, Any]:
    return answer if isinstance(answer, dict) else {}


def _listed(answer: Any) -> list[Mapping[str, Any]]:
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []


def _id(thing: Any) -> str:
    return str(_object(thing).get("id"))
