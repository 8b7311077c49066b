"""What is said of pictures that were to be deleted, where some of them could not be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from adapters.application.results import DeletedImage
from adapters.discord.erasing import erase, message_for_erased
from domain.refusals import Reason, Refusal

GONE = Refusal(Reason.NOT_FOUND, "1", "a.png")
STOPPED = Refusal(Reason.STOPPED, "1")


class Answers:
    """A store that answers each deletion with the next of these."""

    def __init__(self, *answers: DeletedImage | Refusal) -> None:
        self.left = list(answers)

    async def delete(self, *_: str, **__: object) -> DeletedImage | Refusal:
        """One answer."""
        return self.left.pop(0)


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
async def test_what_could_not_be_deleted_is_said(answers: list[DeletedImage | Refusal], title: str, words: str) -> None:
    """What was gone before is no failure; what stays is never passed over in silence."""
    client = SimpleNamespace(store=Answers(*answers))
    interaction: Any = SimpleNamespace(user=SimpleNamespace(id=1), guild_id=None, client=client)
    message = message_for_erased(await erase(interaction, ["a.png"] * len(answers), "user"))
    assert title in message.title
    assert words in message.text
