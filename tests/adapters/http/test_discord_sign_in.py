"""Signing in to the page with Discord, against a fake one that keeps OAuth's rules.

| who comes back from Discord | what they get |
|---|---|
| whom the log knows, or who is in a server with the bot | what is theirs, and the pictures the bot made for them |
| the bot's owner, who manages the server of the managers' channel | everything, for as long as that is so |
| who manages another server, or was given a time-out | what is theirs |
| a stranger | a sentence, and no session |
| who said no | a sentence |
| another browser, a wrong or used state, none | a sentence, and nothing is asked of Discord |
| while Discord is away, slow, broken, asks to wait or says no | a sentence |
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.http.people.discord_api import DiscordApi
from adapters.http.people.rights import ANEW_SECONDS, Rights
from adapters.http.people.sign_in import CALLBACK, Application, DiscordSignIn, Outcome
from adapters.ledger.codec import decode
from tests.adapters.discord.fake.rest import API
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import ADMINISTRATOR, MANAGE_GUILD, USUAL, Guild, TeamMember, User
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.wire import GenerationOutcome
from tests.hostile.builders import png

START = "/v1/session/discord"
BY_BROWSER = {"Sec-Fetch-Site": "same-origin"}
AT_DISCORD = {"Sec-Fetch-Site": "cross-site"}


class Browser:
    """Somebody's, with its cookies; a strict one is not sent on the way back from another site."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.cookies: dict[str, str] = {}
        self.strict: set[str] = set()

    async def get(self, path: str, *, is_from_elsewhere: bool = False) -> GenerationOutcome:
        """One request; the answer is not followed."""
        sent = {name: text for name, text in self.cookies.items() if not (is_from_elsewhere and name in self.strict)}
        cookies = {"Cookie": "; ".join(f"{name}={text}" for name, text in sent.items())} if sent else {}
        host = self.running.address.removeprefix("http://")
        site = AT_DISCORD if is_from_elsewhere else BY_BROWSER
        answer = await self.running.ask("GET", path, headers={"Host": host, **site, **cookies})
        self._keep(answer)
        return answer

    def _keep(self, answer: GenerationOutcome) -> None:
        lines = answer.headers.get("set-cookie", "").splitlines()
        for name, morsel in [pair for line in lines for pair in SimpleCookie(line).items()]:
            assert morsel["httponly"]
            self.cookies[name] = morsel.value
            if morsel["samesite"] == "Strict":
                self.strict.add(name)
            if morsel["max-age"] == "0":
                del self.cookies[name]


class Town(NamedTuple):
    """A service, its Discord, a server there with the bot, and how one moves the clock of rights."""

    running: Running
    fake: FakeDiscord
    guild: Guild
    clock: list[float]

    async def back_from_discord(self, browser: Browser, person: User, *, agrees: bool = True) -> str:
        """Goes to Discord and says yes or no there; the path that leads back."""
        there = (await browser.get(START)).headers["location"]
        assert there.startswith(f"{self.fake.address}/oauth2/authorize?")
        async with aiohttp.ClientSession() as session, session.get(there) as page:
            assert page.status == 200, await page.text()
        asked = self.fake.oauth.asked
        back = self.fake.oauth.grant(asked, person) if agrees else self.fake.oauth.deny(asked)
        return back.removeprefix(self.running.address)

    async def outcome(self, browser: Browser, path: str) -> str:
        """Comes back; what the page is told: `/` where somebody is signed in."""
        answer = await browser.get(path, is_from_elsewhere=True)
        assert answer.status == 303
        return answer.headers["location"].removeprefix("/?signin=")

    async def signed_in(self, person: User) -> Any:
        """What the page is told of somebody who signs in."""
        browser = Browser(self.running)
        assert await self.outcome(browser, await self.back_from_discord(browser, person)) == "/"
        return (await browser.get("/v1/session")).json


Settle = Callable[..., Awaitable[Town]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    """Of one server."""
    async with await FakeDiscord.start() as running:
        yield running


@pytest.fixture
async def settle(serve: Serve, fake: FakeDiscord) -> Settle:
    """Makes the town; `has_channel`: the bot's managers are those of its server."""

    async def settled(*, owner: int = 1, has_channel: bool = False, has_bot: bool = True, seconds: float = 5.0) -> Town:
        guild, clock = fake.guild("town"), [0.0]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        api = DiscordApi(fake.address + API, fake.settings.token if has_bot else None, seconds)
        channel = guild.channels[0].id if has_channel else 0
        rights = Rights(api, owner=owner, managers_channel=channel, monotonic=lambda: clock[0])
        application = Application(fake.world.application_id, fake.oauth.secret, f"http://127.0.0.1:{port}")
        fake.oauth.redirects.append(application.redirect_uri)
        discord = DiscordSignIn(application, api, rights)
        return Town(await serve(needs_token=True, discord=discord, port=port), fake, guild, clock)

    return settled


async def test_a_member_sees_the_pictures_that_the_bot_made_for_them(settle: Settle) -> None:
    """And nobody else's; what they do stands in the log as done by them, as the bot writes it."""
    town = await settle()
    ann, bob = town.fake.user("ann"), town.fake.user("bob")
    for person in (ann, bob):
        await save_image(town.running.store, NewImage(str(person.id), png()), actor=Actor(f"discord:{person.id}"))
    browser = Browser(town.running)
    assert (await browser.get("/v1/session")).json["ways"] == ["token", "discord"]
    assert await town.outcome(browser, await town.back_from_discord(browser, ann)) == "/"
    assert set(browser.cookies) == {"abby-session"}
    told = (await browser.get("/v1/session")).json
    assert (told["by"], told["name"], told["scope"], told["user"]) == ("discord", "ann", "write", str(ann.id))
    assert told["is_bound"]
    assert (await browser.get(f"/v1/users/{ann.id}/images")).json["total"] == 1
    assert (await browser.get(f"/v1/users/{bob.id}/images")).status == 403
    cookie = {"Cookie": f"abby-session={browser.cookies['abby-session']}"}
    assert (await town.running.upload(str(ann.id), png(), headers=cookie | BY_BROWSER)).status == 201
    event = decode(list(town.running.store.opened().recorder.read())[-1])
    assert (event.by, event.origin) == (f"discord:{ann.id}", "http")
    assert town.fake.complaints == town.fake.unknown_routes == []


async def test_managers_are_those_of_the_bot(settle: Settle) -> None:
    """Of the managers' channel's server alone; by a role, as an administrator, as its owner. A time-out takes it."""
    town = await settle(has_channel=True)
    other = town.fake.guild("elsewhere")
    people = {
        "a manager": (town.fake.user("m", permissions=USUAL | MANAGE_GUILD), True),
        "an administrator": (town.fake.user("a", permissions=USUAL | ADMINISTRATOR), True),
        "the server's owner": (town.guild.owner, True),
        "a member": (town.fake.user("u"), False),
        "a manager elsewhere": (town.fake.user("e"), False),
        "a manager who is gone": (town.fake.user("g", permissions=USUAL | MANAGE_GUILD), False),
    }
    other.permissions[people["a manager elsewhere"][0]] = USUAL | MANAGE_GUILD
    town.guild.absent.add(people["a manager who is gone"][0])
    for who, (person, manages) in people.items():
        told = await town.signed_in(person)
        assert (told["scope"] == "admin") is manages, who
        assert told["is_bound"] is not manages
        assert told["user"] == str(person.id)
    assert town.fake.complaints == town.fake.unknown_routes == []


async def test_without_a_managers_channel_the_owner_alone_manages(settle: Settle) -> None:
    """Whoever invites the bot manages a server; the owner is that of the application, or of its team."""
    town = await settle(owner=0)
    owner = next(user for user in town.fake.world.users.values() if not user.is_bot)
    assert (await town.signed_in(owner))["scope"] == "admin"
    assert (await town.signed_in(town.fake.user("m", permissions=USUAL | MANAGE_GUILD)))["scope"] == "write"
    head, reader, invited = (town.fake.user(name) for name in ("head", "reader", "invited"))
    town.fake.world.team = [TeamMember(head), TeamMember(reader, "read_only"), TeamMember(invited, accepted=False)]
    scopes = [(await town.signed_in(person))["scope"] for person in (head, reader, invited)]
    assert scopes == ["admin", "write", "write"]


async def test_the_owner_of_the_settings_is_the_one(settle: Settle, fake: FakeDiscord) -> None:
    """Whoever owns the application."""
    named = fake.user("named")
    town = await settle(owner=named.id, has_bot=False)
    assert (await town.signed_in(named))["scope"] == "admin"


async def test_who_manages_no_longer_has_what_is_theirs(settle: Settle) -> None:
    """Discord is asked anew now and then; while it does not answer, nobody is believed to be a manager."""
    town = await settle(has_channel=True)
    manager = town.fake.user("m", permissions=USUAL | MANAGE_GUILD)
    browser = Browser(town.running)
    assert await town.outcome(browser, await town.back_from_discord(browser, manager)) == "/"
    assert (await browser.get("/v1/users")).status == 200
    manager.permissions = USUAL
    assert (await browser.get("/v1/users")).status == 200
    town.clock[0] += ANEW_SECONDS
    assert [answer.status for answer in await asyncio.gather(*(browser.get("/v1/users") for _ in range(3)))] == [
        403
    ] * 3
    assert (await browser.get(f"/v1/users/{manager.id}/quota")).status == 200
    manager.permissions = USUAL | MANAGE_GUILD
    town.clock[0] += ANEW_SECONDS
    town.fake.trouble("GET /channels/", 500)
    assert (await browser.get("/v1/users")).status == 403
    town.clock[0] += ANEW_SECONDS
    assert (await browser.get("/v1/users")).status == 200


async def test_a_stranger_is_told_so_and_somebody_the_log_knows_is_none(settle: Settle) -> None:
    """Who left every server still has what was made for them."""
    town = await settle()
    stranger = town.fake.user("s")
    town.guild.absent.add(stranger)
    browser = Browser(town.running)
    assert await town.outcome(browser, await town.back_from_discord(browser, stranger)) == Outcome.STRANGER
    assert browser.cookies == {}
    await save_image(town.running.store, NewImage(str(stranger.id), png()), actor=Actor(f"discord:{stranger.id}"))
    assert (await town.signed_in(stranger))["scope"] == "write"


async def test_who_says_no_is_not_signed_in(settle: Settle) -> None:
    """And may try again."""
    town = await settle()
    ann, browser = town.fake.user("ann"), Browser(town.running)
    assert await town.outcome(browser, await town.back_from_discord(browser, ann, agrees=False)) == Outcome.DENIED
    assert browser.cookies == {}
    assert await town.outcome(browser, await town.back_from_discord(browser, ann)) == "/"


async def test_what_comes_back_is_good_once_and_in_its_browser(settle: Settle) -> None:
    """Nothing is asked of Discord for a wrong state, one that was used, another browser's, or none at all."""
    town = await settle()
    ann, mine, other = town.fake.user("ann"), Browser(town.running), Browser(town.running)
    path = await town.back_from_discord(mine, ann)
    await town.back_from_discord(other, ann)
    query = dict(parse_qsl(urlsplit(path).query))
    town.fake.heard.clear()
    assert await town.outcome(other, path) == Outcome.EXPIRED  # login by another's code
    wrong = ["", "?state=x&code=y", f"?code={query['code']}", f"?state={query['state']}&code={query['code']}"]
    for left in (*wrong, "?state=%FF&state=b&code=%00", "?error=access_denied"):
        assert await town.outcome(mine, CALLBACK + left) == Outcome.EXPIRED, left
    assert town.fake.heard == []
    again = await town.back_from_discord(mine, ann)
    assert await town.outcome(mine, again) == "/"
    town.fake.heard.clear()
    assert await town.outcome(mine, again) == Outcome.EXPIRED
    assert town.fake.heard == []


async def test_a_code_that_discord_does_not_take_signs_nobody_in(settle: Settle) -> None:
    """Another application's secret, a code that was used: Discord's own no, without a word of either in the log."""
    town = await settle()
    ann, browser = town.fake.user("ann"), Browser(town.running)
    path = await town.back_from_discord(browser, ann)
    code = town.fake.oauth.codes.popitem()[0]
    with capture_logs() as logs:
        assert await town.outcome(browser, path) == Outcome.REFUSED
    town.fake.oauth.secret, former = "another-secret", town.fake.oauth.secret
    with capture_logs() as more:
        assert await town.outcome(browser, await town.back_from_discord(browser, ann)) == Outcome.REFUSED
    assert not [
        word for word in (code, former, dict(parse_qsl(urlsplit(path).query))["state"]) if word in str(logs + more)
    ]


TROUBLES = [
    ("POST /oauth2/token", 500, Outcome.UNREACHABLE),
    ("POST /oauth2/token", 0, Outcome.UNREACHABLE),
    ("POST /oauth2/token", 429, Outcome.UNREACHABLE),
    ("POST /oauth2/token", 403, Outcome.REFUSED),
    ("GET /users/@me$", 502, Outcome.UNREACHABLE),
    ("GET /users/@me$", 401, Outcome.REFUSED),
    ("GET /users/@me/guilds", 500, Outcome.UNREACHABLE),
    ("GET /guilds/", 0, Outcome.UNREACHABLE),
    ("GET /guilds/", 403, Outcome.STRANGER),
]


async def test_a_trouble_at_discord_is_told_and_the_next_try_is_another(settle: Settle) -> None:
    """At each of the places where it is asked."""
    town = await settle()
    ann, browser = town.fake.user("ann"), Browser(town.running)
    for where, status, outcome in TROUBLES:
        path = await town.back_from_discord(browser, ann)
        again = status == 0 and where.startswith("GET")  # which the client asks once more
        town.fake.trouble(where, status, times=2 if again else 1)
        assert await town.outcome(browser, path) == outcome, (where, status)
        assert browser.cookies == {}
    assert await town.outcome(browser, await town.back_from_discord(browser, ann)) == "/"


async def test_a_slow_discord_is_not_waited_for_without_end(settle: Settle) -> None:
    """As one that is away."""
    town = await settle(seconds=0.3)
    ann, browser, never = town.fake.user("ann"), Browser(town.running), asyncio.Event()
    path = await town.back_from_discord(browser, ann)
    town.fake.trouble("POST /oauth2/token", 200, until=never)
    assert await town.outcome(browser, path) == Outcome.UNREACHABLE
    never.set()


async def test_it_begins_at_the_address_of_the_page(settle: Settle) -> None:
    """Its cookie is for that; who came by another name of this machine is sent there once."""
    town = await settle()
    told = await town.running.ask("GET", START, headers={"Host": "localhost"})
    assert told.headers["location"] == f"{town.running.address}{START}?at_home=1"
    again = await town.running.ask("GET", f"{START}?at_home=1", headers={"Host": "localhost"})
    assert again.headers["location"].startswith(town.fake.address)


async def test_without_it_nobody_is_sent_anywhere(serve: Serve) -> None:
    """404, and the page does not offer it."""
    service: Running = await serve(needs_token=True)
    assert [(await service.ask("GET", path)).status for path in (START, CALLBACK)] == [404, 404]
