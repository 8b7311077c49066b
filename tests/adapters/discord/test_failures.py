"""What could not be made or kept, as members read it: all of it, and nothing that only an operator can use."""

from __future__ import annotations

import re

import pytest
from discord import Colour

from adapters.discord.failures import (
    GENERATION_FAILURES,
    OUT_OF_LINE,
    message_for_failure,
    note_for_members,
    reason_not_kept,
    words_for_members,
)
from adapters.discord.messages import FAILED, NOT_AVAILABLE
from adapters.discord.untrusted_text import inert
from adapters.generation.automatic1111 import WITHOUT_API
from adapters.generation.taxonomy import ErrorDetails, failure_of
from adapters.ports.failure_reasons import (
    AskedToWait,
    CannotMake,
    FailureKind,
    Filtered,
    KeyRefused,
    PlainReason,
    Resting,
    ServiceName,
)
from adapters.ports.failures import FailureReason, GenerationFailure, Note
from adapters.ports.request_reasons import ModelCannotEdit, NotAChoice
from adapters.wording.failures import sentence_of_failure
from adapters.wording.refusals import sentence_of
from domain.events import Asked
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal
from tests.adapters.ports.every_reason import EVERY_REASON
from tests.domain.examples import window_of

OPERATORS_WORDS = re.compile(r"\b[A-Z]+_[A-Z_]+\b|`abby |/srv")
PROGRAMMERS_WORDS = re.compile(
    r"\bbytes\b|\bstring\b|base64|JSON|\bHTTP\b|\bAPI\b|ImageGenerator|\bcharged\b|\w_\w", re.IGNORECASE
)
FULL = Refusal(Reason.POOL_STORAGE, "1", asked=Asked(1, MEGABYTE), limit=500 * MEGABYTE, used=500 * MEGABYTE)


def test_every_kind_has_words() -> None:
    """A new member of the enumeration cannot go without a message."""
    assert set(GENERATION_FAILURES) == set(FailureKind)


@pytest.mark.parametrize(
    ("failure", "title", "beginning"),
    [
        (
            WITHOUT_API,
            "❌ Image generation services are not available. Please try again later.",
            "The image service cannot take this at the moment.",
        ),
        (
            GenerationFailure(NotAChoice("style", "'oil'", ("anime",))),
            "❌ Generation Failed",
            "There is no style 'oil'. Choose one of: anime.",
        ),
    ],
)
def test_the_error_texts_begin_with_the_seeds_words(failure: GenerationFailure, title: str, beginning: str) -> None:
    """Of the five error texts of the specification, title and first sentence; `test_messages` has the others."""
    message = message_for_failure(failure)
    assert message.title == title
    assert message.text.startswith(beginning)
    assert message.colour == Colour.red()


@pytest.mark.parametrize("reason", EVERY_REASON, ids=repr)
def test_every_reason_is_told_in_sentences_for_members(reason: FailureReason) -> None:
    """Title and text, in a message of its own or beside the pictures that came; neither names a setting or a command
    of `abby`, and no message a status.
    """
    failure = GenerationFailure(reason, upstream_status=418)
    message = message_for_failure(failure)
    assert message.title in {FAILED, NOT_AVAILABLE, OUT_OF_LINE}
    assert message.text[0].isupper()
    assert message.text.endswith(".")
    assert "418" not in message.text
    for text in (message.text, words_for_members(failure), note_for_members([failure])):
        assert not OPERATORS_WORDS.search(text)


@pytest.mark.parametrize("reason", EVERY_REASON, ids=repr)
def test_no_message_to_members_speaks_to_programmers(reason: FailureReason) -> None:
    """Nobody who attached a picture has bytes to send, and what a service charges is not theirs to know."""
    assert not PROGRAMMERS_WORDS.search(message_for_failure(GenerationFailure(reason)).text)


def test_what_a_service_says_of_a_request_is_passed_on() -> None:
    """Only who asked can change it."""
    failure = failure_of(400, ErrorDetails("", "width must be a multiple of 64"), {}, key_setting="STABILITY_API_KEY")
    assert message_for_failure(failure).text == (
        "The image service cannot make this: width must be a multiple of 64. Nothing was counted; change the request."
    )


@pytest.mark.parametrize(
    "reason",
    [CannotMake("it knows no upscaler of that name", "MY_UPSCALER"), CannotMake("set GATEWAY_MODE on this server")],
    ids=["a setting of the operator's", "a service that speaks of its own"],
)
def test_what_only_an_operator_can_mend_is_not_passed_on(reason: CannotMake) -> None:
    """The member hears that it cannot be made."""
    assert message_for_failure(GenerationFailure(reason)).text == (
        "The image service cannot make this. Nothing was counted; change the request."
    )


def test_a_model_that_cannot_edit_is_told_without_how_to_choose_another() -> None:
    """That is the operator's to do."""
    failure = GenerationFailure(ModelCannotEdit("dall-e-3", "OPENAI_MODEL", "gpt-image-1"))
    assert "OPENAI_MODEL" in sentence_of_failure(failure)
    assert message_for_failure(failure).text == (
        "The model dall-e-3 makes pictures from words alone and cannot change one. Leave the picture to start from out."
    )


NOW = 1_700_000_000.4


@pytest.mark.parametrize(
    "reason",
    [AskedToWait(1.0), Resting(ServiceName("Stability AI"), 1), PlainReason.SERVICE_FAILED],
    ids=["asked to wait", "left alone", "failed"],
)
@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "Nothing was counted; please try again in 1 second."),
        (90.0, "Nothing was counted; please try again in 90 seconds."),
        (150.0, "Nothing was counted; please try again at <t:1700000150:t>, in 3 minutes."),
        (3600.0, "Nothing was counted; please try again at <t:1700003600:t>, in 60 minutes."),
    ],
)
def test_how_long_a_service_asks_to_wait_is_told(reason: FailureReason, seconds: float, told: str) -> None:
    """A longer wait with the time at which it ends, which each reader's own clock shows."""
    message = message_for_failure(GenerationFailure(reason, seconds), lambda: NOW)
    assert message.text.replace("counted. Please", "counted; please").endswith(told)
    assert inert(message.text) == message.text


def test_a_wait_that_is_not_told_is_short() -> None:
    """And no time is made up."""
    assert message_for_failure(GenerationFailure(AskedToWait())).text.endswith("please try again in a moment.")


@pytest.mark.parametrize(
    ("counts", "end"),
    [
        (True, "It was made, so it counts as generated today."),
        (False, "What is filtered does not count."),
        (None, "Use other words."),
    ],
)
def test_whether_a_filtered_picture_counts_is_in_the_message(counts: bool | None, end: str) -> None:
    """As the policy in force has it, where that is known."""
    assert message_for_failure(GenerationFailure(Filtered(counts))).text.endswith(end)


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ((), ""),
        (("Made at 512 by 512 pixels.", "The input was scaled."), "Made at 512 by 512 pixels. The input was scaled."),
        (
            ("1.", GenerationFailure(KeyRefused("STABILITY_API_KEY"), upstream_status=401)),
            "1. The reason: Non-200 response: 401. The image service does not accept its key; nothing was counted.",
        ),
        (
            (GenerationFailure(PlainReason.PROMPT_REFUSED, upstream_status=403), "2."),
            "The reason: " + words_for_members(GenerationFailure(PlainReason.PROMPT_REFUSED)) + " 2.",
        ),
    ],
)
def test_notes_are_told_in_their_order(notes: tuple[Note, ...], told: str) -> None:
    """With the reason why no more pictures came, as far as it is for members."""
    assert note_for_members(notes) == told


DETAILS = {
    Reason.MALFORMED: "The count must be a whole number from 1 to 100.",
    Reason.CLOCK_BEHIND: "2026-01-02T00:00:00.000000Z",
    Reason.NOT_FOUND: "cat.png",
    Reason.NAME_TAKEN: "cat.png",
    Reason.LIMITS_CHANGED: "daily is 9",
    Reason.NOT_ALLOWED: "the model ultra (allowed: core)",
}


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("details", [DETAILS, {}], ids=["with details", "without"])
def test_why_a_picture_is_not_kept_is_told_without_what_is_for_operators(
    reason: Reason, details: dict[Reason, str]
) -> None:
    """Where the storage's own sentence names a setting or a command, members read another."""
    refusal = FULL._replace(reason=reason, detail=details.get(reason, ""), resets_at="2026-01-02T00:00:00.000000Z")
    refusal = refusal._replace(window=window_of(reason))
    told, for_operators = reason_not_kept(refusal), sentence_of(refusal)
    assert told.endswith(".")
    assert not OPERATORS_WORDS.search(told)
    assert told == (for_operators or "the storage does not take it.") or OPERATORS_WORDS.search(for_operators)


def test_a_picture_without_room_in_the_pool_is_told_without_the_setting() -> None:
    """The storage's own sentence names it, for the operator."""
    assert "MAX_GLOBAL_STORAGE_MB" in sentence_of(FULL)
    assert reason_not_kept(FULL) == "Server storage is full: 500.0 MB of 500.0 MB are used, and this needs 1.0 MB more."
