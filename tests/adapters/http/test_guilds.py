"""For which Discord server a request over HTTP is asked: by its token, or as it says; its limits apply, and the log has
it as what is asked there.

| who asks | and says | what it gets |
|---|---|---|
| a token for one server | nothing, or that server | counts there, and its limits refuse |
| the same | another server | 403 |
| a token for one server | ends what was reserved elsewhere | 409, as of a reservation that is not open |
| a token with the scope `admin`, or a program of this machine | any server | counts there |
| any other token, for one user or all | any server | 403 before anything is looked up |
| anybody | what is no id | 400 that names the field |
| a token for one server, or for one user | to be told another server's figures, or any server's | 403 |
| anybody of them | nothing, without a server of the token | no server's limits, `http` in the log |
| a program of this machine that nobody vouches for | a server | is a stranger all the same |
"""

from __future__ import annotations

from typing import Any

import pytest

from adapters.application.idempotency import keyed
from adapters.application.owners import STRANGERS, owner_of
from adapters.application.results import LOCAL_PROGRAM, Actor
from adapters.disk.files import Files
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope, Token, digest_of, new_text
from domain.commands import ReserveGeneration, SetPolicy
from domain.instants import EARLIEST
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_edits import FORM, form
from tests.adapters.http.wire import GenerationOutcome
from tests.hostile.builders import png

RESERVATIONS, GENERATIONS = "/v1/users/1/reservations", "/v1/users/1/generations"
SMALL = {"prompt": "a fox", "width": 64, "height": 64}


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A service where a server may have two pictures a day."""
    limits = SetPolicy(daily=50, windows=(("guild/day/generations", 2),))
    running: Running = await serve(limits, needs_token=True)
    return running


def token(service: Running, scope: Scope = Scope.WRITE, **of: Any) -> dict[str, str]:
    """The header of a new token."""
    text = new_text()
    name = f"t{len(KeptTokens(service.store.root, Files()).read())}"
    kept = Token(
        name=name,
        scope=scope,
        user=of.get("user"),
        made_at=EARLIEST,
        ends_at=None,
        sha256=digest_of(text),
        guild=of.get("guild"),
    )
    assert KeptTokens(service.store.root, Files()).add(kept)
    return {"Authorization": f"Bearer {text}"}


async def ask(service: Running, who: dict[str, str], path: str = RESERVATIONS, **body: Any) -> GenerationOutcome:
    """A request of user 1."""
    return await service.send_json("POST", path, body, headers=who)


def origins(service: Running, kind: str) -> list[str | None]:
    """Where events of a kind were asked for."""
    return [event["data"].get("origin") for event in events_of(service.store.root, kind)]


async def test_a_token_for_one_server_asks_there(service: Running) -> None:
    """Reservations, pictures and saves count together, and the third is refused by that server's limit."""
    bound = token(service, guild="9")
    assert (await ask(service, bound)).status == 201
    assert (await ask(service, bound, GENERATIONS, **SMALL)).status == 201
    refused = await ask(service, bound)
    assert (refused.status, refused.json["window"]) == (429, "guild/day/generations")
    saved = await service.ask("POST", "/v1/users/2/images", body=png(), headers=bound, kind="image/png")
    assert saved.status == 429
    assert (await ask(service, token(service, guild="8"))).status == 201
    assert (await ask(service, token(service))).status == 201
    assert origins(service, "GenerationReserved") == ["guild:9", "guild:9", "guild:8", "http"]
    assert origins(service, "ImageSaved") == ["guild:9"]
    assert set(origins(service, "RequestRefused")) == {"guild:9"}


@pytest.mark.parametrize("guild", ["9", None])
async def test_it_may_say_its_own_server_or_none(service: Running, guild: str | None) -> None:
    """Both mean the same."""
    assert (await ask(service, token(service, guild="9"), guild=guild)).status == 201
    assert origins(service, "GenerationReserved") == ["guild:9"]


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"guild": "8"}, "for the server 8 alone"),
        ({}, "--guild ID"),
        ({"user": "1"}, "--guild ID"),
    ],
)
@pytest.mark.parametrize("path", [RESERVATIONS, GENERATIONS])
async def test_another_server_is_not_theirs_to_name(service: Running, of: dict[str, Any], said: str, path: str) -> None:
    """403 that names the field, and nothing is recorded."""
    wanted = SMALL if path == GENERATIONS else {}
    told = await ask(service, token(service, **of), path, guild="9", **wanted)
    assert (told.status, told.json["field"]) == (403, "guild")
    assert said in told.json["detail"]
    assert not origins(service, "GenerationReserved")


async def test_an_admin_names_any(service: Running) -> None:
    """For a reservation, a picture, one made from another, and a larger one, as JSON and as a form."""
    admin = token(service, Scope.ADMIN)
    assert (await ask(service, admin, guild="1")).status == 201
    made = await ask(service, admin, GENERATIONS, **SMALL, guild="2")
    assert made.status == 201
    name = made.json["pictures"][0]["image"]["name"]
    edit = {"source": name, "prompt": "at night", "guild": "3"}
    assert (await ask(service, admin, "/v1/users/1/edits", **edit)).status == 201
    fields: dict[str, str | bytes] = {"image": png(width=64, height=64), "width": "128", "guild": "4"}
    larger = await service.ask("POST", "/v1/users/1/upscales", body=form(fields), headers=admin, kind=FORM)
    assert larger.status == 201
    told = [f"guild:{number}" for number in (1, 2, 3, 4)]
    assert origins(service, "GenerationReserved") == told
    assert origins(service, "ImageSaved") == told[1:]
    assert origins(service, "GenerationCompleted") == told[1:]


async def test_a_job_is_asked_there_too(service: Running) -> None:
    """Under its key another server is another request, while it runs and after."""
    admin = token(service, Scope.ADMIN) | {"Prefer": "respond-async", "Idempotency-Key": "k"}
    first = await ask(service, admin, GENERATIONS, **SMALL, guild="9")
    assert first.status == 202
    assert (await ask(service, admin, GENERATIONS, **SMALL, guild="9")).json["id"] == first.json["id"]
    assert (await ask(service, admin, GENERATIONS, **SMALL, guild="8")).status == 422
    assert (await ask(service, admin, GENERATIONS, **SMALL)).status == 422


@pytest.mark.parametrize("guild", ["", "a", "1" * 21, "-1", "9\n", "\u0663"])
async def test_what_is_no_id_names_its_field(service: Running, guild: str) -> None:
    """400, whoever asks."""
    told = await ask(service, token(service, Scope.ADMIN), guild=guild)
    assert (told.status, told.json["field"]) == (400, "guild")


async def test_what_was_reserved_for_a_server_ends_as_its_own(service: Running) -> None:
    """Whoever completes it, the picture is that server's in the log; another server's token cannot."""
    admin, nine, eight = token(service, Scope.ADMIN), token(service, guild="9"), token(service, guild="8")
    path = (await ask(service, nine, count=2)).headers["location"]
    for who in (eight,):
        assert (await ask(service, who, f"{path}/completion", provider="me")).status == 409
        assert (await service.ask("DELETE", path, headers=who)).status == 409
    kept = await service.ask(
        "POST", f"{path}/completion", body=form({"image": png(), "provider": "me"}), headers=admin, kind=FORM
    )
    assert kept.status == 201
    assert (await service.ask("DELETE", path, headers=nine)).status == 200
    kinds = ("GenerationCompleted", "ImageSaved", "GenerationReleased")
    assert {origin for kind in kinds for origin in origins(service, kind)} == {"guild:9"}
    elsewhere = (await ask(service, admin)).headers["location"]
    assert (await service.ask("DELETE", elsewhere, headers=nine)).status == 409


async def test_under_a_key_another_server_is_another_request(service: Running) -> None:
    """And the first one's answer is told again for the same."""
    admin = token(service, Scope.ADMIN) | {"Idempotency-Key": "k"}
    first, again = [await ask(service, admin, guild="9") for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    assert (await ask(service, admin, guild="8")).status == 422
    assert (await ask(service, admin)).status == 422


def test_what_is_asked_on_discord_has_the_digest_that_it_had() -> None:
    """Wherever it is asked; and of a program without a server too."""
    spelled = ReserveGeneration("1", "discord:1", "r", 900)
    digests = {
        keyed("k", spelled._replace(origin=origin), secret=b"s").digest
        for origin in (None, "http", "guild:9", "direct")
    }
    assert len(digests) == 1
    program = spelled._replace(by="api:me")
    assert keyed("k", program, secret=b"s") == keyed("k", program._replace(origin="http"), secret=b"s")
    assert keyed("k", program, secret=b"s") != keyed("k", program._replace(origin="guild:9"), secret=b"s")


async def test_a_stranger_who_names_a_server_is_one_all_the_same(serve: Serve) -> None:
    """Without a token everybody of this machine may name any; they wait in line together all the same."""
    service: Running = await serve(SetPolicy(windows=(("guild/day/generations", 1),)))
    assert owner_of(service.store, "nobody", Actor(LOCAL_PROGRAM, "guild:9")) == STRANGERS
    assert (await ask(service, {}, guild="9")).status == 201
    assert (await ask(service, {}, guild="9")).status == 429
    assert origins(service, "GenerationReserved") == ["guild:9"]


async def test_a_servers_figures_are_told_to_whoever_may_ask_for_it_or_for_all(service: Running) -> None:
    """What one server has used is nothing to a token for another, or to one for a single user."""
    await ask(service, token(service, guild="9"))
    path = "/v1/users/1/quota?guild=9"
    for who in (token(service, guild="9"), token(service, Scope.READ), token(service, Scope.ADMIN)):
        (window,) = (await service.ask("GET", path, headers=who)).json["windows"]
        assert window["used"] + window["held"] == 1
    own = token(service, user="1")
    for who in (token(service, guild="8"), own, token(service, Scope.READ, user="1")):
        told = await service.ask("GET", path, headers=who)
        assert (told.status, told.json["field"]) == (403, "guild")
        assert "used" not in told.json["detail"]
    assert (await service.ask("GET", "/v1/users/1/quota", headers=own)).status == 200
    refused = await ask(service, own, guild="9")
    assert (refused.status, refused.json["detail"][:25]) == (403, "This token does not allow")


async def test_a_token_for_one_server_is_told_its_limits(service: Running) -> None:
    """Without being asked for them; the file of tokens says whose it is, and a former one nothing of it."""
    bound, free = token(service, guild="9"), token(service)
    await ask(service, bound)
    told = (await service.ask("GET", "/v1/users/1/quota", headers=bound)).json["windows"]
    assert [(one["limit"], one["used"]) for one in told] == [("guild/day/generations", 1)]
    assert (await service.ask("GET", "/v1/users/1/quota", headers=free)).json["windows"] == []
    kept = KeptTokens(service.store.root, Files())
    assert [one.guild for one in kept.read()] == ["9", None]
    assert kept.path.read_bytes().count(b'"guild"') == 1
