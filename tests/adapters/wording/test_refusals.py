"""Refusals in words: every reason has some, and those that depend on figures say what the figures say."""

from __future__ import annotations

import pytest

from adapters.wording.refusals import SENTENCES, sentence_of
from domain.events import Asked
from domain.limits import MEGABYTE
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


def of_room(used: int, held: int, *, count: int = 1, estimated: bool, reason: Reason = Reason.USER_STORAGE) -> Refusal:
    """2 MB are allowed, and each picture asks for 1.5 MB."""
    asked = Asked(count, count * 3 * MEGABYTE // 2)
    return Refusal(reason, "1", asked=asked, limit=2 * MEGABYTE, used=used, held=held, estimated=estimated)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            of_room(1_121_976, 0, estimated=True),
            (
                "1.07 MB of 2.0 MB are used, so 0.93 MB are left, and the next picture is expected to need 1.5 MB "
                "(the estimate IMAGE_GEN_SIZE_MB). "
            ),
        ),
        (
            of_room(MEGABYTE, MEGABYTE // 2, count=2, estimated=True),
            (
                "1.0 MB of 2.0 MB are used, 0.5 MB are held for running generations, so 0.5 MB are left, and 2 "
                "pictures are expected to need 3.0 MB (the estimate IMAGE_GEN_SIZE_MB). "
            ),
        ),
        (
            of_room(3 * MEGABYTE, 0, estimated=True),
            "3.0 MB of 2.0 MB are used, so 0 bytes are left, and the next picture is expected to need 1.5 MB (the ",
        ),
        (of_room(MEGABYTE, 0, estimated=False), "1.0 MB of 2.0 MB are used, and this needs 1.5 MB more. "),
    ],
    ids=["room for less", "with others", "over the limit", "a real size"],
)
@pytest.mark.parametrize("reason", [Reason.USER_STORAGE, Reason.POOL_STORAGE])
def test_an_estimate_that_does_not_fit_is_told_as_one(refusal: Refusal, words: str, reason: Reason) -> None:
    """With its setting, and what is left; a picture that is there needs what it needs."""
    opening = {Reason.USER_STORAGE: "Your storage quota is full: ", Reason.POOL_STORAGE: "Server storage is full: "}
    assert sentence_of(refusal._replace(reason=reason)).startswith(opening[reason] + words)
