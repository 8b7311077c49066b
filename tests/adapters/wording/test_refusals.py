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


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            Refusal(Reason.NOT_FOUND, "1", "cat.png"),
            "Image not found: cat.png. It was deleted, or its name is spelled in another way.",
        ),
        (
            Refusal(Reason.NOT_FOUND, detail="gold", what="tier"),
            "There is no tier gold. It was taken away, or its name is spelled in another way.",
        ),
        (
            Refusal(Reason.NOT_FOUND, "1", "g1", what="grant"),
            "1 has no grant g1. It was taken away, or its name is spelled in another way.",
        ),
        (
            Refusal(Reason.NAME_TAKEN, "1", "g1", what="grant"),
            "There is a grant g1 already. Choose another name.",
        ),
        (
            Refusal(Reason.NOT_ALLOWED, "1", "the model ultra (allowed: core)"),
            "Your tier does not allow the model ultra (allowed: core). Ask for something that it allows.",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_allowed_is_called_what_it_is(refusal: Refusal, sentence: str) -> None:
    """A tier and a grant are no images."""
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


MIDNIGHT = "2026-01-02T00:00:00.000000Z"
ANEW = "the count starts anew at 2026-01-02 00:00 UTC."


@pytest.mark.parametrize(
    ("limit", "used", "asked", "sentence"),
    [
        (5, 5, 1, f"Daily limit reached: 5 of 5 generations are used today. T{ANEW[1:]}"),
        (5, 7, 2, f"Daily limit reached: 7 of 5 generations are used today. You asked for 2. T{ANEW[1:]}"),
        (
            5,
            5,
            6,
            (
                "Daily limit reached: 5 of 5 generations are used today. You asked for 6, more than a day allows: "
                f"ask for at most 5 when {ANEW}"
            ),
        ),
        (
            5,
            4,
            2,
            (
                "Over the daily limit: you asked for 2 generations, and 1 of 5 is left today. "
                f"Ask for at most 1, or wait: {ANEW}"
            ),
        ),
        (
            5,
            0,
            6,
            "Over the daily limit: you asked for 6 generations, and a day allows 5. Ask for at most 5.",
        ),
        (
            5,
            2,
            6,
            (
                "Over the daily limit: you asked for 6 generations, and a day allows 5, of which 2 are used. "
                f"Ask for at most 3 now, or for 5 when {ANEW}"
            ),
        ),
        (
            0,
            0,
            1,
            (
                "Daily limit reached: 0 of 0 generations are used today. This limit allows none on any day; "
                "an operator can raise it."
            ),
        ),
    ],
    ids=["used", "over-used", "used, never", "some left", "never", "some left, never", "nothing"],
)
def test_the_daily_refusal_says_how_many_to_ask_for(limit: int, used: int, asked: int, sentence: str) -> None:
    """As many as are left, and never more than a day has; "reached" only where nothing is left."""
    refusal = Refusal(Reason.DAILY_LIMIT, "1", asked=Asked(asked, 0), limit=limit, used=used, resets_at=MIDNIGHT)
    assert sentence_of(refusal) == sentence


NEVER = "full: it is 2.0 MB in all, and "


@pytest.mark.parametrize(
    ("refusal", "room", "of_user", "of_pool"),
    [
        (
            of_room(MEGABYTE, 0, estimated=False),
            "full: 1.0 MB of 2.0 MB are used, and this needs 1.5 MB more. ",
            "Delete images to make room.",
            "An operator can run a cleanup, delete images, or raise MAX_GLOBAL_STORAGE_MB.",
        ),
        (
            of_room(0, 0, count=2, estimated=False),
            f"{NEVER}this needs 3.0 MB. ",
            "Deleting images is not enough: save a smaller picture, or have the quota raised by an operator.",
            "Deleting images is not enough: an operator can raise MAX_GLOBAL_STORAGE_MB.",
        ),
        (
            of_room(0, 0, count=2, estimated=True),
            "full: 0 bytes of 2.0 MB are used, so 2.0 MB are left, and 2 pictures are expected to need 3.0 MB (",
            "Ask for at most 1; the whole of it has room for 1.",
            "Ask for at most 1; the whole of it has room for 1.",
        ),
        (
            of_room(MEGABYTE, 0, count=2, estimated=True),
            "full: 1.0 MB of 2.0 MB are used, so 1.0 MB are left, and 2 pictures are expected to need 3.0 MB (",
            "Ask for at most 1, and delete images to make room.",
            "Ask for at most 1, and an operator can run a cleanup, delete images, or raise MAX_GLOBAL_STORAGE_MB.",
        ),
        (
            of_room(0, 0, estimated=True)._replace(asked=Asked(1, 3 * MEGABYTE)),
            f"{NEVER}the next picture is expected to need 3.0 MB (",
            "Deleting images is not enough: the quota can be raised by an operator.",
            "Deleting images is not enough: an operator can raise MAX_GLOBAL_STORAGE_MB.",
        ),
    ],
    ids=["a real size", "a file larger than all", "fewer fit", "fewer fit in an empty one", "not even one fits"],
)
def test_a_full_storage_says_what_would_fit(refusal: Refusal, room: str, of_user: str, of_pool: str) -> None:
    """Whose file is larger than the whole limit is not sent to delete others; fewer pictures where some fit."""
    for reason, owner, advice in (
        (Reason.USER_STORAGE, "Your storage quota is ", of_user),
        (Reason.POOL_STORAGE, "Server storage is ", of_pool),
    ):
        sentence = sentence_of(refusal._replace(reason=reason))
        assert sentence.startswith(owner + room)
        assert sentence.endswith(advice)


@pytest.mark.parametrize(
    ("window", "figures", "sentence"),
    [
        (
            "user/week/generations",
            (3, 1, 1, 2),
            (
                "1 generation of 3 generations is used, 1 generation is held for running requests; you asked for 2 "
                "generations, and 1 generation is left."
            ),
        ),
        (
            "user/week/generations",
            (4, 2, 2, 1),
            (
                "2 generations of 4 generations are used, 2 generations are held for running requests; you asked for 1 "
                "generation, and 0 generations are left."
            ),
        ),
        (
            "pool/month/credits",
            (3_000, 1_000, 1_000, 1_001),
            (
                "1 credit of 3 credits is used, 1 credit is held for running requests; you asked for 1.001 credits, "
                "and 1 credit is left."
            ),
        ),
        (
            "pool/month/credits",
            (2_000, 1_001, 0, 1_000),
            "1.001 credits of 2 credits are used; you asked for 1 credit, and 0.999 credits are left.",
        ),
    ],
)
def test_one_of_a_unit_is_told_as_one(window: str, figures: tuple[int, int, int, int], sentence: str) -> None:
    """What is used, held, asked for and left, each with its verb."""
    limit, used, held, wanted = figures
    asked = Asked(1, 0, credits=wanted) if window.endswith("credits") else Asked(wanted, 0)
    refusal = Refusal(Reason.WINDOW_LIMIT, "1", asked=asked, limit=limit, used=used, held=held, window=window)
    assert sentence in sentence_of(refusal)
