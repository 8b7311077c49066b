"""What the fake Discord accepts as a message and as a command: each limit on and one over it, by raw requests."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.adapters.discord.fake.component_rules import check_modal
from tests.adapters.discord.fake.refusals import Form
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import EMBED_LINKS, READ_HISTORY, SEND_MESSAGES, USUAL, VIEW_CHANNEL

Json = dict[str, Any]


async def sent(
    fake: FakeDiscord, path: str, body: Any, *, method: str = "POST", files: int = 0, ending: str = " .png"
) -> tuple[int, Any]:
    """A raw request with the right token; with `files`, each of one byte, as a form of several parts."""
    form = aiohttp.FormData({"payload_json": json.dumps(body)}, quote_fields=False)
    for number in range(files):
        form.add_field(f"files[{number}]", b"x", filename=f"{number}{ending}")
    content: Json = {"data": form} if files else {"json": body}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {fake.settings.token}"}) as session,
        session.request(method, fake.environment["DISCORD_API_BASE"] + path, **content) as answer,
    ):
        return answer.status, await answer.json()


def messages_of(fake: FakeDiscord) -> str:
    """The path of the messages of the first channel."""
    return f"/channels/{next(iter(fake.world.channels))}/messages"


def row(*components: Json) -> Json:
    """A message with one row of components."""
    return {"content": "choose", "components": [{"type": 1, "components": list(components)}]}


def button(number: int = 0, **fields: Any) -> Json:
    """A button that is right but for `fields`."""
    return {"type": 2, "style": 1, "label": "Again", "custom_id": f"again:{number}", **fields}


def select(options: int, **fields: Any) -> Json:
    """A select of so many options."""
    offered = [{"label": str(number), "value": str(number)} for number in range(options)]
    return {"type": 3, "custom_id": "style", "options": offered, **fields}


def embed(**fields: Any) -> Json:
    """A message of one embed that is right but for `fields`."""
    return {"embeds": [{"title": "A fox", **fields}]}


def fields(count: int, name: int = 1, value: int = 1) -> list[Json]:
    """Fields of an embed, their texts of so many characters."""
    return [{"name": "n" * name, "value": "v" * value}] * count


FOUND = {
    "content": ({"content": "x" * 2_000}, {"content": "x" * 2_001}),
    "embeds": ({"embeds": [{"title": "x"}] * 10}, {"embeds": [{"title": "x"}] * 11}),
    "embeds.0.title": (embed(title="x" * 256), embed(title="x" * 257)),
    "embeds.0.description": (embed(description="x" * 4_096), embed(description="x" * 4_097)),
    "embeds.0.footer.text": (embed(footer={"text": "x" * 2_048}), embed(footer={"text": "x" * 2_049})),
    "embeds.0.author.name": (embed(author={"name": "x" * 256}), embed(author={"name": "x" * 257})),
    "embeds.0.fields": (embed(fields=fields(25)), embed(fields=fields(26))),
    "embeds.0.fields.0.name": (embed(fields=fields(1, name=256)), embed(fields=fields(1, name=257))),
    "embeds.0.fields.0.value": (embed(fields=fields(1, value=1_024)), embed(fields=fields(1, value=1_025))),
    "embeds.0.color": (embed(color=0xFFFFFF), embed(color=0x1000000)),
    "embeds.0.timestamp": (embed(timestamp="2026-01-01T00:00:00+00:00"), embed(timestamp="tomorrow")),
    "embeds.0.image.url": (embed(image={"url": "https://x.example/a"}), embed(image={"url": "file:///a"})),
    "embeds.0.colour": (embed(color=1), embed(colour=1)),
    "components": ({**row(button())}, {"components": [row(button(n))["components"][0] for n in range(6)]}),
    "components.0.type": (row(button()), {"components": [button()]}),
    "components.0.components": (row(*map(button, range(5))), row(*map(button, range(6)))),
    "components.0.components.0.label": (row(button(label="x" * 80)), row(button(label="x" * 81))),
    "components.0.components.0.custom_id": (row(button(custom_id="x" * 100)), row(button(custom_id="x" * 101))),
    "components.0.components.0.style": (row(button(style=4)), row(button(style=7))),
    "components.0.components.0.options": (row(select(25)), row(select(26))),
    "components.0.components.0.min_values": (row(select(2, min_values=2, max_values=2)), row(select(2, min_values=2))),
    "components.0.components.0.placeholder": (
        row(select(1, placeholder="x" * 150)),
        row(select(1, placeholder="x" * 151)),
    ),
    "allowed_mentions.parse": (
        {"content": "x", "allowed_mentions": {"parse": ["users"]}},
        {"content": "x", "allowed_mentions": {"parse": ["all"]}},
    ),
    "allowed_mentions": (
        {"content": "x", "allowed_mentions": {"parse": [], "users": ["1"]}},
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
    ),
    "flags": ({"content": "x", "flags": 4}, {"content": "x", "flags": 1}),
    "colour": ({"content": "x"}, {"content": "x", "colour": "red"}),
}  # fmt: skip


@pytest.mark.parametrize("path", FOUND)
async def test_a_message_is_checked_field_by_field(fake: FakeDiscord, path: str) -> None:
    """What is right passes; what is one over is refused, with a finding under its path."""
    right, wrong = FOUND[path]
    assert (await sent(fake, messages_of(fake), right))[0] == 200
    status, answer = await sent(fake, messages_of(fake), wrong)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    place = answer["errors"]
    for part in path.split("."):
        place = place[part]
    assert place["_errors"]
    assert len(fake.complaints) == 1


LAYOUT = {"flags": 1 << 15}
WORDS = {"type": 10, "content": "x" * 2_000}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**LAYOUT, "components": [WORDS, {"type": 17, "components": [WORDS]}]}, 200),
        ({**LAYOUT, "components": [WORDS, WORDS, {"type": 10, "content": "x"}]}, 400),
        ({**LAYOUT, "components": [{"type": 14}] * 40}, 200),
        ({**LAYOUT, "components": [{"type": 14}] * 41}, 400),
        ({**LAYOUT, "components": [WORDS], "content": "x"}, 400),
        ({**LAYOUT, "components": [{"type": 9, "components": [], "accessory": button()}]}, 400),
        ({**LAYOUT, "components": [{"type": 12, "items": []}]}, 400),
        ({"components": [WORDS]}, 400),
    ],
)
async def test_a_layout_stands_by_itself(fake: FakeDiscord, body: Json, status: int) -> None:
    """40 components and 4000 characters of text; its flag makes it one, and content is none of it."""
    assert (await sent(fake, messages_of(fake), body))[0] == status


def modal(title: str = "Wish", rows: int = 1, **fields: Any) -> Json:
    """A form whose inputs are right but for `fields`."""
    one = {"type": 4, "style": 1, "label": "Wish", **fields}
    parts = [{"type": 1, "components": [{"custom_id": str(number), **one}]} for number in range(rows)]
    return {"custom_id": "wish", "title": title, "components": parts}


INPUT = "data.components.0.components.0"


@pytest.mark.parametrize(
    ("form", "path"),
    [
        (modal(title="x" * 45, rows=5, max_length=4_000), None),
        (modal(title="x" * 46), "data.title"),
        (modal(rows=6), "data.components"),
        (modal(label="x" * 46), f"{INPUT}.label"),
        (modal(max_length=4_001), f"{INPUT}.min_length"),
        (modal(custom_id="x" * 101), f"{INPUT}.custom_id"),
        (modal(rows=2, custom_id="same"), "data.components"),
        (modal(type=2), f"{INPUT}.type"),
    ],
)
def test_a_form_is_checked_field_by_field(form: Json, path: str | None) -> None:
    """Five inputs with short labels, each of an id of its own."""
    findings = Form()
    check_modal(findings, "data", form)
    assert [found for found, _, _ in findings.findings] == ([path] if path else [])


async def test_embeds_are_counted_together(fake: FakeDiscord) -> None:
    """6000 characters pass, one more does not."""
    for characters, status in ((3_000, 200), (3_001, 400)):
        body = {"embeds": [{"description": "x" * 3_000}, {"description": "x" * characters}]}
        assert (await sent(fake, messages_of(fake), body))[0] == status


async def test_ten_files_pass_and_eleven_do_not(fake: FakeDiscord) -> None:
    """Those that a message carries already count too, unless the edit leaves them out."""
    status, message = await sent(fake, messages_of(fake), {"content": "files"}, files=10)
    assert (status, len(message["attachments"])) == (200, 10)
    one = f"{messages_of(fake)}/{message['id']}"
    assert (await sent(fake, one, {}, method="PATCH", files=1))[0] == 400
    left = {"attachments": [{"id": message["attachments"][0]["id"]}, {"id": 0}]}
    assert len((await sent(fake, one, left, method="PATCH", files=1))[1]["attachments"]) == 2
    assert (await sent(fake, messages_of(fake), {"content": "files"}, files=11))[0] == 400
    unknown = {"content": "x", "attachments": [{"id": 0}]}
    assert (await sent(fake, messages_of(fake), unknown))[0] == 400


async def test_a_file_that_an_embed_shows_is_no_attachment_until_the_embed_is_gone(fake: FakeDiscord) -> None:
    """So clients see it once. A picture that nobody sent, or whose name is no picture's, is a complaint."""
    body = embed(image={"url": "attachment://0_.png"})
    _, message = await sent(fake, messages_of(fake), body, files=1)
    assert message["attachments"] == []
    assert message["embeds"][0]["image"]["url"].startswith(f"{fake.address}/attachments/")
    _, message = await sent(fake, f"{messages_of(fake)}/{message['id']}", {"embeds": []}, method="PATCH")
    assert [part["filename"] for part in message["attachments"]] == ["0_.png"]
    assert fake.complaints == []
    await sent(fake, messages_of(fake), embed(image={"url": "attachment://other.png"}))
    assert len(fake.complaints) == 1
    await sent(fake, messages_of(fake), embed(image={"url": "attachment://0.txt"}), files=1, ending=".txt")
    assert len(fake.complaints) == 2


@pytest.mark.parametrize(
    ("may", "files", "code"),
    [
        (USUAL, 1, 0),
        (VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS, 1, 50013),
        (VIEW_CHANNEL | READ_HISTORY, 0, 50013),
        (SEND_MESSAGES, 0, 50001),
    ],
)
async def test_a_channel_takes_what_the_bot_may_send(fake: FakeDiscord, may: int, files: int, code: int) -> None:
    """Seeing, writing and attaching are three permissions."""
    next(iter(fake.world.channels.values())).bot_permissions = may
    _, answer = await sent(fake, messages_of(fake), {"content": "hello"}, files=files)
    assert answer.get("code", 0) == code


@pytest.mark.parametrize(
    ("mentions", "rung"),
    [
        (None, ["everyone", "7"]),
        ({"parse": []}, []),
        ({"parse": ["everyone"]}, ["everyone"]),
        ({"users": ["7"]}, ["7"]),
    ],
)
async def test_the_fake_tells_whom_a_message_rings_up(
    fake: FakeDiscord, mentions: Json | None, rung: list[str]
) -> None:
    """What is not allowed rings nobody up; nothing said allows everything."""
    allowed = {} if mentions is None else {"allowed_mentions": mentions}
    await sent(fake, messages_of(fake), {"content": "@everyone, and <@7>", **allowed})
    (channel,) = fake.world.channels.values()
    assert channel.messages[0].pings == rung


async def test_others_messages_are_not_the_bots_to_change(fake: FakeDiscord) -> None:
    """Deleting them takes a permission; changing them nobody may."""
    said = fake.user("ann").say("mine")
    one = f"{messages_of(fake)}/{said.id}"
    assert (await sent(fake, one, {"content": "yours"}, method="PATCH"))[1]["code"] == 50005
    assert (await sent(fake, one, None, method="DELETE"))[1]["code"] == 50013
    assert (await sent(fake, f"{messages_of(fake)}/1", {"content": "x"}, method="PATCH"))[1]["code"] == 10008


async def test_who_comes_again_too_early_is_noticed(fake: FakeDiscord) -> None:
    """A 429 says how long to wait, in its headers and its JSON; asking before that is a complaint, after it is none."""
    for waited, complaints in ((5, 0), (4, 1)):
        fake.trouble("POST /channels/", 429, retry_after=5)
        status, answer = await sent(fake, messages_of(fake), {"content": "hello"})
        assert (status, answer["retry_after"], answer["global"]) == (429, 5, False)
        fake.clock.advance(waited)
        assert (await sent(fake, messages_of(fake), {"content": "hello"}))[0] == 200
        assert len(fake.complaints) == complaints


async def test_a_layout_shows_its_files_too(fake: FakeDiscord) -> None:
    """Their addresses stand in its components."""
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://0_.png"}}]}
    _, message = await sent(fake, messages_of(fake), {**LAYOUT, "components": [gallery]}, files=1)
    assert message["attachments"] == []
    assert message["components"][0]["items"][0]["media"]["url"].startswith(f"{fake.address}/attachments/")


async def test_an_unknown_address_is_kept(fake: FakeDiscord) -> None:
    """A bot that asks for what the fake does not have is seen."""
    assert (await sent(fake, "/guilds/1/bans", {}))[0] == 404
    assert fake.unknown_routes == ["POST /api/v10/guilds/1/bans"]


def slash(**fields: Any) -> Json:
    """A command that is right but for `fields`."""
    return {"name": "imagine", "description": "Makes a picture", "type": 1, **fields}


def option(**fields: Any) -> Json:
    """A command whose one option is right but for `fields`."""
    return slash(options=[{"name": "prompt", "description": "What to show", "type": 3, **fields}])


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (slash(name="Imagine"), "name"),
        (slash(name="two words"), "name"),
        (slash(description="x" * 101), "description"),
        (slash(description=""), "description"),
        (slash(colour="red"), "colour"),
        (slash(contexts=[3]), "contexts"),
        (slash(default_member_permissions="all"), "default_member_permissions"),
        (option(choices=[{"name": str(number), "value": str(number)} for number in range(26)]), "options.0.choices"),
        (option(choices=[{"name": "a", "value": 1}]), "options.0.choices.0.value"),
        (option(choices=[{"name": "a", "value": "a"}], autocomplete=True), "options.0.autocomplete"),
        (option(min_value=1), "options.0.min_value"),
        (option(max_length=6_001), "options.0.min_length"),
        (slash(options=[{"name": f"o{n}", "description": "x", "type": 3} for n in range(26)]), "options"),
        (
            slash(options=[{"name": n, "description": "x", "type": 3, "required": n == "b"} for n in "ab"]),
            "options",
        ),
        ({"name": "Upscale", "type": 3, "description": "of what"}, "description"),
    ],
)
async def test_a_wrong_command_is_not_registered(fake: FakeDiscord, command: Json, path: str) -> None:
    """The finding stands under the path of what is wrong, and nothing changes."""
    where = f"/applications/{fake.world.application_id}/commands"
    status, answer = await sent(fake, where, [command], method="PUT")
    assert (status, answer["code"]) == (400, 50035)
    place = answer["errors"]["0"]
    for part in path.split("."):
        place = place[part]
    assert place["_errors"]
    assert fake.syncs == []


async def test_a_right_command_keeps_its_id(fake: FakeDiscord) -> None:
    """Registered again it is the same command, and the test sees two registrations."""
    where = f"/applications/{fake.world.application_id}/commands"
    ids = [(await sent(fake, where, [option(autocomplete=True)], method="PUT"))[1][0]["id"] for _ in range(2)]
    assert ids[0] == ids[1]
    assert fake.syncs == [["imagine"]] * 2
