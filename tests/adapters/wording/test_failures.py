"""What could not be made or kept, in words for operators and programs."""

from __future__ import annotations

import pytest

from adapters.ports.failures import NotKept, NotStored
from adapters.wording.failures import sentence_of_not_kept
from domain.refusals import Reason, Refusal


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
