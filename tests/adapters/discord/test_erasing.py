"""What is said of pictures that were to be deleted, where some of them could not be."""

from __future__ import annotations

import pytest

from adapters.application.erasing import Erased
from adapters.discord.erasing import message_for_erased
from domain.refusals import Reason, Refusal

GONE = Refusal(Reason.NOT_FOUND, "1", "a.png")
STOPPED = Refusal(Reason.STOPPED, "1")


@pytest.mark.parametrize(
    ("erased", "title", "words"),
    [
        (Erased(2, 2_000), "🗑️ Deleted", "2 images deleted"),
        (Erased(1, 1_000, 0, GONE), "🗑️ Deleted", "1 image deleted"),
        (Erased(0, 0, 0, GONE), "❌ Image Not Found", ""),
        (Erased(1, 1_000, 2, STOPPED), "🗑️ Not All Deleted", "2 images left: The bot is about to restart."),
        (Erased(1, 1_000, 1, STOPPED), "🗑️ Not All Deleted", "1 image left: The bot is about to restart."),
        (Erased(0, 0, 1, STOPPED), "", "The bot is about to restart."),
    ],
)
def test_what_could_not_be_deleted_is_said(erased: Erased, title: str, words: str) -> None:
    """What was gone before is no failure; what stays is never passed over in silence."""
    message = message_for_erased(erased)
    assert title in message.title
    assert words in message.text
