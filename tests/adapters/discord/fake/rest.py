"""The REST interface: the routes that a bot of slash commands uses, each under Discord's rules.

An address that is not here answers 404 and is kept, so that a test sees what a bot tried. A test may order failures for
the next requests: see `Trouble`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import hdrs, web

from tests.adapters.discord.fake.command_rules import SLASH, check_commands
from tests.adapters.discord.fake.interactions import Desk, Interaction
from tests.adapters.discord.fake.messages import FIELDS_OF_A_CHANNEL, NONCE_SECONDS, Body, Message, check_message
from tests.adapters.discord.fake.oauth import OAuth
from tests.adapters.discord.fake.refusals import SENTENCES, Json, Refused, refused, unauthorized, unknown_route
from tests.adapters.discord.fake.world import (
    ATTACH_FILES,
    MANAGE_MESSAGES,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Upload,
    User,
)

Answer = Json | list[Json] | None
Handler = Callable[[web.Request], Awaitable[Answer]]

API = "/api/v10"
FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass
class Trouble:
    """A fault that a test orders for the next `times` requests whose `METHOD /path` matches `where`.

    `status` 0 drops the connection; 429 carries the headers and the JSON of Discord's rate limits, without `via` those
    of what stands before it; `code` is one of Discord's own. A request hangs until `until` is set, and goes its way
    then, if it has no other fault. Where it `reaches`, it is carried out all the same, and only the answer is lost.
    `user` and `with_files` narrow it to answers to one user, and to requests with files or without.
    """

    where: str
    status: int
    times: int = 1
    retry_after: float = 0.0
    is_global: bool = False
    code: int = 0
    via: bool = True
    until: asyncio.Event | None = None
    reaches: bool = False
    user: User | None = None
    with_files: bool | None = None

    @property
    def refusal(self) -> Refused:
        """The answer."""
        if self.status != HTTPStatus.TOO_MANY_REQUESTS:
            sentence = SENTENCES[self.code][1] if self.code else f"{self.status}: {HTTPStatus(self.status).phrase}"
            return Refused(self.status, self.code, sentence, on_purpose=True)
        if not self.via:
            return Refused(429, 0, "error code: 1015", on_purpose=True)
        headers = {
            "Via": "1.1 google",
            "Retry-After": str(max(1, round(self.retry_after))),
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset-After": str(self.retry_after),
            "X-RateLimit-Bucket": "ordered-by-a-test",
            "X-RateLimit-Scope": "global" if self.is_global else "user",
            **({"X-RateLimit-Global": "true"} if self.is_global else {}),
        }
        extra = {"retry_after": self.retry_after, "global": self.is_global}
        return Refused(429, 0, "You are being rate limited.", extra=extra, headers=headers, on_purpose=True)


@dataclass(frozen=True)
class Heard:
    """One request: its `METHOD /path` below the interface's address, when it came and what it was answered."""

    what: str
    at: float
    status: int
    code: int = 0


class Rest:
    """The interface. `syncs` has the names of the commands of each registration; `heard` every request that was
    answered.

    `refusals` counts by status; Discord bans a bot for 10,000 of 401, 403 and 429 in ten minutes.
    """

    def __init__(self, desk: Desk, gateway_told: Callable[[], Json]) -> None:
        self.desk = desk
        self.world = desk.world
        self.gateway_told = gateway_told
        self.oauth = OAuth(desk.world)
        self.commands: dict[int | None, list[Json]] = {}
        self.syncs: list[list[str]] = []
        self.troubles: list[Trouble] = []
        self.heard: list[Heard] = []
        self.unknown_routes: list[str] = []
        self.refusals: Counter[int] = Counter()
        self._not_before: dict[str, float] = {}

    def routes(self) -> list[web.RouteDef]:
        """Every route, then what catches the rest."""
        mine: list[tuple[str, str, Handler, bool]] = [
            ("GET", "/users/@me", self._me, False),
            ("GET", "/users/@me/guilds", self._my_guilds, True),
            ("POST", "/oauth2/token", self.oauth.token, False),
            ("GET", "/guilds/{guild}", self._guild, True),
            ("GET", "/guilds/{guild}/members/{user}", self._member, True),
            ("GET", "/oauth2/applications/@me", self._application, True),
            ("GET", "/applications/@me", self._application, True),
            ("GET", "/gateway/bot", self._gateway_bot, True),
            ("GET", "/users/{user}", self._user, True),
            ("POST", "/users/@me/channels", self._open_direct, True),
            ("GET", "/applications/{app}/commands", self._get_commands, True),
            ("PUT", "/applications/{app}/commands", self._put_commands, True),
            ("GET", "/applications/{app}/guilds/{guild}/commands", self._get_commands, True),
            ("PUT", "/applications/{app}/guilds/{guild}/commands", self._put_commands, True),
            ("POST", "/interactions/{id}/{token}/callback", self._callback, False),
            ("POST", "/webhooks/{app}/{token}", self._follow_up, False),
            ("GET", "/webhooks/{app}/{token}/messages/{message}", self._get_answer, False),
            ("PATCH", "/webhooks/{app}/{token}/messages/{message}", self._edit_answer, False),
            ("DELETE", "/webhooks/{app}/{token}/messages/{message}", self._delete_answer, False),
            ("GET", "/channels/{channel}", self._get_channel, True),
            ("POST", "/channels/{channel}/typing", self._typing, True),
            ("POST", "/channels/{channel}/messages", self._post_message, True),
            ("GET", "/channels/{channel}/messages/{message}", self._get_message, True),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit_message, True),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete_message, True),
        ]
        routes = [
            web.route(method, API + path, self._wrapped(do, needs_token=needs)) for method, path, do, needs in mine
        ]
        return [*routes, web.route(hdrs.METH_ANY, "/{rest:.*}", self._wrapped(self._unknown, needs_token=False))]

    def _wrapped(
        self, handler: Handler, *, needs_token: bool
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            what = f"{request.method} {request.path.removeprefix(API)}"
            now = self.world.clock.now()
            if now < self._not_before.pop(what, 0.0):
                self.world.complain(f"{what} came again before the time that its 429 named")
            try:
                trouble = await self._trouble_of(request, what)
                if needs_token:
                    self._refuse_other_tokens(request)
                body = await handler(request) if trouble is None or trouble.reaches else None
                if trouble is not None:
                    if trouble.status != 0:
                        raise trouble.refusal
                    self._drop(request, what)
                    return web.Response(status=500)
            except Refused as no:
                self._keep_refusal(request, what, no)
                self.heard.append(Heard(what, now, no.status, no.code))
                return _json(no.body, no.status, no.headers)
            status = 204 if body is None else 200
            self.heard.append(Heard(what, now, status))
            return web.Response(status=204) if body is None else _json(body, status, {})

        return answer

    async def _trouble_of(self, request: web.Request, what: str) -> Trouble | None:
        """The fault that was ordered for a request, which has waited where it hangs; None where it goes its way."""
        trouble = next((one for one in self.troubles if self._is_meant(one, request, what)), None)
        if trouble is None:
            return None
        trouble.times -= 1
        self.world.bell.ring()
        if trouble.until is not None:
            await trouble.until.wait()
            if trouble.status == HTTPStatus.OK:
                return None
        if trouble.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._not_before[what] = self.world.clock.now() + trouble.retry_after
        return trouble

    def _is_meant(self, trouble: Trouble, request: web.Request, what: str) -> bool:
        if trouble.times <= 0 or not re.search(trouble.where, what):
            return False
        if trouble.with_files is not None and trouble.with_files != (request.content_type == "multipart/form-data"):
            return False
        interaction = self.world.interactions.get(request.match_info.get("token", ""))
        return trouble.user is None or (interaction is not None and interaction.user is trouble.user)

    def _drop(self, request: web.Request, what: str) -> None:
        """As a reset by the peer: nothing is answered."""
        if request.transport is not None:
            request.transport.abort()
        self.heard.append(Heard(what, self.world.clock.now(), 0))

    def _keep_refusal(self, request: web.Request, what: str, no: Refused) -> None:
        self.refusals[no.status] += 1
        interaction = self.world.interactions.get(request.match_info.get("token", ""))
        if interaction is not None:
            interaction.failures.append(no)
            what = f"{request.method} for {interaction}"
        if not no.on_purpose:
            self.world.complain(f"{what}: {no}")
        self.world.bell.ring()

    async def _unknown(self, request: web.Request) -> Answer:
        self.unknown_routes.append(f"{request.method} {request.path}")
        raise unknown_route()

    async def _me(self, request: web.Request) -> Answer:
        given = request.headers.get("Authorization", "")
        if given.startswith("Bot ") or not given:
            self._refuse_other_tokens(request)
            return self.world.bot.json
        return self.oauth.person_of(request).json

    def _refuse_other_tokens(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.world.settings.token}":
            raise unauthorized()

    async def _my_guilds(self, _request: web.Request) -> Answer:
        return [{"id": str(guild.id), "name": guild.name} for guild in self.world.guilds.values()]

    async def _guild(self, request: web.Request) -> Answer:
        return self._known_guild(request).listed(self.world.users.values())

    async def _member(self, request: web.Request) -> Answer:
        guild, user = self._known_guild(request), self.world.users.get(_number(request, "user"))
        if user is None or user in guild.absent:
            raise Refused(404, 10007, SENTENCES[10007][1], on_purpose=True)  # asking is how one learns it
        return guild.listed_member(user)

    def _known_guild(self, request: web.Request) -> Guild:
        guild = self.world.guilds.get(_number(request, "guild"))
        if guild is None:
            raise refused(10004)
        return guild

    async def _application(self, _request: web.Request) -> Answer:
        return self.world.application

    async def _gateway_bot(self, _request: web.Request) -> Answer:
        return self.gateway_told()

    async def _user(self, request: web.Request) -> Answer:
        user = self.world.users.get(_number(request, "user"))
        if user is None:
            raise refused(10013)
        return user.json

    async def _open_direct(self, request: web.Request) -> Answer:
        user = self.world.users.get(int((await _body(request)).fields["recipient_id"]))
        if user is None or user.is_bot:
            raise refused(50007)
        return self.world.direct(user).json

    async def _get_commands(self, request: web.Request) -> Answer:
        return self.commands.get(self._scope(request), [])

    async def _put_commands(self, request: web.Request) -> Answer:
        scope = self._scope(request)
        commands = (await _body(request)).fields["list"]
        check_commands(commands)
        former = {(one["type"], one["name"]): one["id"] for one in self.commands.get(scope, [])}
        self.commands[scope] = [self._registered(one, former, scope) for one in commands]
        self.syncs.append([one["name"] for one in commands])
        self.world.bell.ring()
        return self.commands[scope]

    def _registered(self, command: Json, former: dict[tuple[int, str], str], scope: int | None) -> Json:
        kind, permissions = command.get("type", SLASH), command.get("default_member_permissions")
        return {
            "description": "",
            **command,
            "type": kind,
            "id": former.get((kind, command["name"]), str(self.world.new_id())),
            "application_id": str(self.world.application_id),
            "version": str(self.world.new_id()),
            "default_member_permissions": None if permissions is None else str(permissions),
            **({} if scope is None else {"guild_id": str(scope)}),
        }

    def _scope(self, request: web.Request) -> int | None:
        if _number(request, "app") != self.world.application_id:
            raise refused(10002)
        if "guild" not in request.match_info:
            return None
        if _number(request, "guild") not in self.world.guilds:
            raise refused(50001)
        return _number(request, "guild")

    async def _callback(self, request: web.Request) -> Answer:
        interaction = self.desk.find(_number(request, "id"), request.match_info["token"])
        told = self.desk.acknowledge(interaction, await _body(request))
        return told if request.query.get("with_response") in ("1", "true") else None

    async def _follow_up(self, request: web.Request) -> Answer:
        return self.desk.follow_up(self._interaction(request), await _body(request)).json

    async def _get_answer(self, request: web.Request) -> Answer:
        return self.desk.answer(self._interaction(request), request.match_info["message"]).json

    async def _edit_answer(self, request: web.Request) -> Answer:
        interaction = self._interaction(request)
        return self.desk.edit(interaction, request.match_info["message"], await _body(request)).json

    async def _delete_answer(self, request: web.Request) -> Answer:
        self.desk.answer(self._interaction(request), request.match_info["message"]).delete()
        return None

    def _interaction(self, request: web.Request) -> Interaction:
        return self.desk.webhook(_number(request, "app"), request.match_info["token"])

    async def _get_channel(self, request: web.Request) -> Answer:
        return self._channel(request).json

    async def _typing(self, request: web.Request) -> Answer:
        self._channel(request, SEND_MESSAGES)
        return None

    async def _post_message(self, request: web.Request) -> Answer:
        channel, body = self._channel(request, SEND_MESSAGES), await _body(request)
        if body.files:
            self._channel(request, ATTACH_FILES)
        check_message(body, allowed=FIELDS_OF_A_CHANNEL, channel=channel)
        nonce, now = body.fields.get("nonce"), self.world.clock.now()
        if nonce is not None and body.fields.get("enforce_nonce"):
            for one in channel.history:
                if one.nonce == nonce and now - one.created_at < NONCE_SECONDS:
                    return one.json
        message = Message(self.world.new_id(), channel, self.world.bot, now, nonce=nonce)
        channel.history.append(message)
        message.write(body, self.desk.cdn)
        return message.json

    async def _get_message(self, request: web.Request) -> Answer:
        return self._message(request).json

    async def _edit_message(self, request: web.Request) -> Answer:
        message, body = self._message(request), await _body(request)
        if message.author is not self.world.bot:
            raise refused(50005)
        check_message(body, allowed=FIELDS_OF_A_CHANNEL, channel=message.channel, message=message)
        message.write(body, self.desk.cdn)
        return message.json

    async def _delete_message(self, request: web.Request) -> Answer:
        message = self._message(request)
        if message.author is not self.world.bot:
            self._channel(request, MANAGE_MESSAGES)
        message.delete()
        return None

    def _channel(self, request: web.Request, permission: int = VIEW_CHANNEL) -> Channel:
        channel = self.world.channels.get(_number(request, "channel"))
        if channel is None:
            raise refused(10003)
        if not channel.bot_may & VIEW_CHANNEL:
            raise refused(50001)
        if channel.bot_may & permission != permission:
            raise refused(50013)
        return channel

    def _message(self, request: web.Request) -> Message:
        wanted = _number(request, "message")
        found = [message for message in self._channel(request).messages if message.id == wanted]
        if not found:
            raise refused(10008)
        return found[0]


def _number(request: web.Request, name: str) -> int:
    text = request.match_info[name]
    if not text.isdecimal():
        raise Refused(400, 50035, "Invalid Form Body", errors={name: {"_errors": [{"code": "NUMBER_TYPE_COERCE"}]}})
    return int(text)


async def _body(request: web.Request) -> Body:
    """JSON or multipart; a list stands under `list`."""
    try:
        if request.content_type != "multipart/form-data":
            fields = json.loads(await request.text() or "{}")
            return Body({"list": fields} if isinstance(fields, list) else fields)
        form = await request.post()
        files = {}
        for name, value in form.items():
            number = FILE_FIELD.fullmatch(name)
            if number and isinstance(value, web.FileField):
                files[int(number[1])] = Upload(value.filename, value.file.read(), value.content_type)
        return Body(json.loads(str(form.get("payload_json", "{}"))), files)
    except ValueError:
        raise refused(50109) from None


def _json(body: Json | list[Json], status: int, headers: Json | dict[str, str]) -> web.Response:
    """The content type is exactly `application/json`: clients compare it."""
    own = {"Content-Type": "application/json", **headers}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=own)
