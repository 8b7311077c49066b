"""What could not be made or kept, in words for operators and programs."""

from __future__ import annotations

import pytest

from adapters.ports.failure_reasons import (
    AskedToWait,
    CannotMake,
    FailureKind,
    Filtered,
    GivenUp,
    KeyRefused,
    NotConnected,
    NotSetUp,
    NoWholeAnswer,
    PlainReason,
    Resting,
    ServiceName,
    Unreachable,
    WaitedTooLong,
    WithoutApi,
)
from adapters.ports.failures import FailureReason, GenerationFailure, NotKept, NotStored
from adapters.wording.failures import (
    INSTEAD,
    NOT_AVAILABLE,
    OBSTACLES,
    PLAIN,
    UNPAID,
    sentence_beside_name,
    sentence_of_failure,
    sentence_of_not_kept,
    sentence_of_notes,
    whether_it_counts,
)
from domain.refusals import Reason, Refusal
from tests.adapters.ports.every_reason import EVERY_REASON

KEY_REFUSED = GenerationFailure(KeyRefused("OPENAI_API_KEY"), upstream_status=401)
NO_KEY = GenerationFailure(NotSetUp("no key is set. Set OPENAI_API_KEY."))


def test_the_tables_of_words_are_whole() -> None:
    """Nothing is without words where it is looked up."""
    for table in (PLAIN, INSTEAD, OBSTACLES):
        assert set(table) == set(type(next(iter(table))))


@pytest.mark.parametrize("reason", EVERY_REASON, ids=repr)
def test_every_reason_has_a_sentence_of_its_own(reason: FailureReason) -> None:
    """On one line, to its full stop, and another than those of all other reasons."""
    sentence = sentence_of_failure(GenerationFailure(reason))
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert sentence not in [sentence_of_failure(GenerationFailure(other)) for other in EVERY_REASON if other != reason]


@pytest.mark.parametrize("reason", EVERY_REASON, ids=repr)
def test_nothing_was_charged_is_said_only_where_no_service_can_have_worked(reason: FailureReason) -> None:
    """By its reason, and never of a call of which a try may have been paid."""
    told, unsure = (sentence_of_failure(GenerationFailure(reason, maybe_paid=maybe)).lower() for maybe in (False, True))
    assert UNPAID not in unsure
    assert UNPAID not in told or type(reason) in REFUSED_EARLY or reason in REFUSED_EARLY


REFUSED_EARLY = frozenset(
    {
        *(KeyRefused, CannotMake, AskedToWait, Unreachable, NotConnected, Resting, WithoutApi, WaitedTooLong),
        GivenUp,
        *(PlainReason.OUT_OF_CREDIT, PlainReason.PROMPT_REFUSED),
    }
)
"""What is answered before any work, where it comes with a status of its own, and what is never sent."""


@pytest.mark.parametrize(
    ("failure", "opening"),
    [
        (KEY_REFUSED, "Non-200 response: 401. The image service does not accept its key"),
        (GenerationFailure(CannotMake("too wide"), upstream_status=422), "Non-200 response: 422. The image service c"),
        (GenerationFailure(CannotMake("too wide")), "The image service cannot make this: too wide. Nothing"),
        (GenerationFailure(AskedToWait(7.4), 7.4, 429), "Non-200 response: 429. The image service has too much to do"),
        (GenerationFailure(PlainReason.OUT_OF_CREDIT, None, 402), "Non-200 response: 402. The image service's account"),
        (GenerationFailure(PlainReason.PROMPT_REFUSED, None, 403), "The image service refused the request by its con"),
        (GenerationFailure(Filtered(), None, 400), "The image service filtered the picture it made"),
        (NO_KEY, "Image generation services are not available: no key is set."),
        (
            GenerationFailure(Resting(ServiceName("Stability AI"), 7)),
            "Image generation services are not available: Stability AI failed or asked to wait. Nothing was charged",
        ),
    ],
)
def test_a_sentence_begins_as_the_seeds_do(failure: GenerationFailure, opening: str) -> None:
    """With the status of an answer that says no, or with what is said where no service can be asked."""
    assert sentence_of_failure(failure).startswith(opening)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (NO_KEY, "No key is set. Set OPENAI_API_KEY."),
        (
            GenerationFailure(NoWholeAnswer(ServiceName("openai"))),
            "Connection timeout: openai gave no whole answer.",
        ),
        (KEY_REFUSED, sentence_of_failure(KEY_REFUSED)),
    ],
)
def test_beside_a_name_it_is_not_said_of_all_services(failure: GenerationFailure, sentence: str) -> None:
    """A list of services has each one's own trouble."""
    assert sentence_beside_name(failure) == sentence
    assert NOT_AVAILABLE not in sentence


def test_notes_are_told_in_their_order() -> None:
    """Sentences as they are, and the failure after which no more was asked for as the reason."""
    assert sentence_of_notes(()) == ""
    assert sentence_of_notes(("1 of 2 came.", KEY_REFUSED, "2.")) == (
        f"1 of 2 came. The reason: {sentence_of_failure(KEY_REFUSED)} 2."
    )


@pytest.mark.parametrize("counts", [True, False, None])
def test_whether_a_filtered_picture_counts_ends_its_sentence(counts: bool | None) -> None:
    """Where it is known."""
    assert sentence_of_failure(GenerationFailure(Filtered(counts))).endswith(whether_it_counts(counts) or "words.")
    assert GenerationFailure(Filtered(counts)).kind is FailureKind.MODERATED_OUTPUT


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            Refusal(Reason.STOPPED),
            "not kept: The storage is shutting down. Nothing was changed; try again after its restart.",
        ),
        (NotStored("The disk is full."), "not kept: The disk is full."),
        (NotStored(), "not kept: the storage has a fault; its operator finds more in the service's log"),
    ],
    ids=["a refusal", "a fault for users", "a fault for the operator"],
)
def test_why_a_picture_is_not_kept(reason: NotKept, sentence: str) -> None:
    """A limit's own sentence, that of a fault which is fit for users, or where to find more."""
    assert sentence_of_not_kept(reason) == sentence
