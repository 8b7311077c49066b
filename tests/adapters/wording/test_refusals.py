"""Refusals in words: every reason has some, and those that depend on figures say what the figures say."""

from __future__ import annotations

import pytest

from adapters.wording.refusals import SENTENCES, sentence_of
from domain.refusals import Reason, Refusal


def test_every_reason_has_its_sentence() -> None:
    """In the order of the reasons, so that both lists read alike."""
    assert list(SENTENCES) == list(Reason)


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            Refusal(Reason.BUSY, "1", limit=10, used=10),
            (
                "You have 10 requests under way, as many as are worked on for one user. Nothing was changed; try again "
                "when one of them is done."
            ),
        ),
        (
            Refusal(Reason.BUSY, "1"),
            "Too many requests are waiting. Nothing was changed; try again in a moment.",
        ),
    ],
    ids=["the user's own", "all users'"],
)
def test_who_is_refused_as_busy_is_told_whose_requests_are_too_many(refusal: Refusal, sentence: str) -> None:
    """One's own end by waiting for them; those of others do not."""
    assert sentence_of(refusal) == sentence
