"""What is said of pictures that were to be deleted, where some of them could not be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from adapters.application.results import DeletedImage
from adapters.discord import erasing
from adapters.discord.erasing import erase, message_for_erased
from domain.refusals import Reason, Refusal

GONE = Refusal(Reason.NOT_FOUND, "1", "a.png")
STOPPED = Refusal(Reason.STOPPED, "1")


def deleted() -> DeletedImage:
    """A picture that went."""
    return DeletedImage("1", "a.png", 1_000, 1)


@pytest.mark.parametrize(
    ("answers", "title", "words"),
    [
        ([deleted(), deleted()], "🗑️ Deleted", "2 images deleted"),
        ([deleted(), GONE], "🗑️ Deleted", "1 image deleted"),
        ([GONE, GONE], "❌ Image Not Found", ""),
        ([deleted(), STOPPED, STOPPED], "🗑️ Not All Deleted", "2 images left: The bot is about to restart."),
        ([STOPPED, deleted(), GONE], "🗑️ Not All Deleted", "1 image left: The bot is about to restart."),
        ([GONE, STOPPED], "", "The bot is about to restart."),
    ],
)
async def test_what_could_not_be_deleted_is_said(
    answers: list[DeletedImage | Refusal], title: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was gone before is no failure; what stays is never passed over in silence."""
    left = list(answers)

    async def delete(*_: object, **__: object) -> DeletedImage | Refusal:
        return left.pop(0)

    monkeypatch.setattr(erasing, "delete_image", delete)
    client = SimpleNamespace(store=None)
    interaction: Any = SimpleNamespace(user=SimpleNamespace(id=1), guild_id=None, client=client)
    message = message_for_erased(await erase(interaction, ["a.png"] * len(answers), "user"))
    assert title in message.title
    assert words in message.text
