"""What the id of a button holds is enough to find its picture, however long that one's name is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.application.deleting import cleanable, delete_image
from adapters.application.governing import policy_step
from adapters.application.results import ImageSave, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.discord.bot import AbbyBot
from adapters.discord.bot_state import FILE, Remembered
from adapters.discord.cogs.managing import MOST_DAILY, MOST_MB
from adapters.discord.governing import GoverningItem, Options, ask_to_change, ask_to_clean
from adapters.discord.views import ID_CHARACTERS, LOOKS, TEMPLATE, ask_to_delete, buttons_of, key_of, named_by
from adapters.engines.opening import open_store
from domain.limit_names import ALL_LIMITS, FURTHER
from domain.refusals import Refusal
from tests.adapters.discord.test_embeds import check

SNOWFLAKE = "18446744073709551615"


class BotWithStore:
    """As much of the bot as finding a picture needs."""

    def __init__(self, store: Storage) -> None:
        self.store = store


@pytest.mark.parametrize("folder", ["", "a folder/"])
@pytest.mark.parametrize("length", [49, 50, 51, 120])
async def test_a_picture_is_found_again_by_its_key(tmp_path: Path, length: int, folder: str) -> None:
    """One that is gone is not; another user's of the same name is not meant."""
    name = f"{folder}{'a' * (length - len(folder) - 4)}.png"
    store = open_store(tmp_path / "root", settings=StoreSettings(check_images=False))
    bot = cast("AbbyBot", BotWithStore(store))
    try:
        await save_image(store, NewImage(SNOWFLAKE, b"bytes", name=name))
        assert named_by(bot, SNOWFLAKE, key_of(name)) == name
        assert named_by(bot, "2", key_of(name)) is None
        await delete_image(store, SNOWFLAKE, name)
        assert named_by(bot, SNOWFLAKE, key_of(name)) is None
    finally:
        store.close()


async def test_every_id_is_within_the_limit() -> None:
    """With the longest owner and the longest name."""
    name = "b" * 120
    items: list[Any] = [
        *buttons_of(SNOWFLAKE, name, "text_to_image", 10**15 - 1).children,
        *ask_to_delete(SNOWFLAKE, ImageSave(name, 10**15 - 1, 1, "")).children,
    ]
    matches = [re.fullmatch(TEMPLATE, item.custom_id) for item in items]
    assert {match["action"] for match in matches if match} == set(LOOKS)
    assert {match["save"] for match in matches if match} == {None, "9" * 15}
    assert max(len(item.custom_id) for item in items) <= ID_CHARACTERS


async def test_ids_about_everybody_are_within_the_limit_and_say_what_was_asked(tmp_path: Path) -> None:
    """Of the largest numbers, of some and of none; the cleanup's its days."""
    store = open_store(tmp_path / "root", settings=StoreSettings(check_images=False))
    await save_image(store, NewImage("1", b"bytes", name="t.png", temp=True))
    every = tuple((name, 2**53 - 1) for name in FURTHER)
    for options in (Options(MOST_DAILY, MOST_MB, MOST_MB, every, ALL_LIMITS), Options(None, 0, None)):
        step = policy_step(store, options.wanted)
        assert not isinstance(step, Refusal)
        content = ask_to_change(int(SNOWFLAKE), step, options, ())
        check(content.embeds[0])
        items: Any = content.view
        (button,) = items.children
        assert len(button.custom_id) <= ID_CHARACTERS
        match = GoverningItem.__discord_ui_compiled_template__.fullmatch(button.custom_id)
        assert match is not None
        assert GoverningItem(button, match).options == options._replace(windows=None, unenforced=None)
        assert bool(match["lists"]) == bool(options.windows)
    found = cleanable(store, 0)
    assert not isinstance(found, Refusal)
    content = ask_to_clean(int(SNOWFLAKE), found)
    assert "**1 temporary file** (1 application/octet-stream), 5 bytes" in str(content.embeds[0].description)
    view: Any = content.view
    match = GoverningItem.__discord_ui_compiled_template__.fullmatch(view.children[0].custom_id)
    assert match is not None
    assert GoverningItem(view.children[0], match).days == "0"
    store.close()


class TestRemembered:
    """The small file of what the bot did last."""

    def test_it_is_there_after_a_restart(self, tmp_path: Path) -> None:
        """Each under its name."""
        (tmp_path / "logs").mkdir()
        Remembered(tmp_path).put("a", "1")
        Remembered(tmp_path).put("b", "2")
        again = Remembered(tmp_path)
        assert (again.get("a"), again.get("b"), again.get("c")) == ("1", "2", None)

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
    def test_a_file_that_says_nothing_is_no_obstacle(self, tmp_path: Path, content: bytes) -> None:
        """It is written anew."""
        (tmp_path / "logs").mkdir()
        (tmp_path / FILE).write_bytes(content)
        remembered = Remembered(tmp_path)
        assert remembered.get("a") is None
        remembered.put("a", "1")
        assert Remembered(tmp_path).get("a") == "1"

    def test_where_nothing_can_be_written_it_holds_until_the_end(self, tmp_path: Path) -> None:
        """There is no folder `logs` here."""
        remembered = Remembered(tmp_path)
        remembered.put("a", "1")
        assert remembered.get("a") == "1"
        assert Remembered(tmp_path).get("a") is None
