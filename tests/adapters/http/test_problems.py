"""The tables from reasons to statuses: whole, and in the shape that RFC 9457 asks for."""

from __future__ import annotations

import json

import pytest

from adapters.http.answers import refusal
from adapters.http.problems import (
    FAULTS,
    GENERATION_FAILURES,
    IMAGE_FAULTS,
    PURCHASES,
    REFUSALS,
    ProblemKind,
    broken,
    failed,
    render,
)
from adapters.images.invalid_image import ImageProblem, InvalidImage
from adapters.ports.currency import Trouble
from adapters.ports.failure_reasons import AskedToWait, FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, LogLocked, StorageUnavailable
from adapters.ports.purchases import Unclear, Unpaid
from domain.events import Asked
from domain.refusals import Reason, Refusal

EVERY_KIND = [
    *REFUSALS.values(),
    *GENERATION_FAILURES.values(),
    *IMAGE_FAULTS.values(),
    *PURCHASES.values(),
    *(kind for kind, _ in FAULTS.values()),
]


def test_every_reason_of_a_refusal_has_a_problem() -> None:
    """The table and the enumeration name the same reasons, so a new reason cannot go without a status."""
    assert set(REFUSALS) == set(Reason)


def test_every_kind_of_generation_fault_has_a_problem() -> None:
    """The same for what a provider may answer."""
    assert set(GENERATION_FAILURES) == set(FailureKind)


def test_every_kind_of_invalid_image_has_a_problem() -> None:
    """The same for images. What is neither too large nor unknown is understood and cannot be kept: 422."""
    others = {ImageProblem.TOO_LARGE: 413, ImageProblem.UNSUPPORTED: 415, ImageProblem.TIMEOUT: 503}
    found = {kind: problem.status for kind, problem in IMAGE_FAULTS.items()}
    assert found == {kind: others.get(kind, 422) for kind in ImageProblem}


def test_every_end_of_a_purchase_that_buys_nothing_has_a_problem() -> None:
    """The same for what is paid outside."""
    assert set(PURCHASES) == {*Unpaid, *Trouble, *Unclear}


def test_one_type_has_one_title() -> None:
    """RFC 9457: the title is the same at every occurrence of a type."""
    titles: dict[str, set[str]] = {}
    for kind in EVERY_KIND:
        titles.setdefault(kind.type, set()).add(kind.title)
    assert [kind for kind, found in titles.items() if len(found) > 1] == []


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.type.rpartition(":")[2])
def test_every_problem_is_an_error_with_a_type(kind: ProblemKind) -> None:
    """Statuses are errors, types are URIs, titles are words for people."""
    assert 400 <= kind.status < 600
    assert kind.type.startswith(("urn:abby-ledger:problem:", "https://iana.org/"))
    assert kind.title[0].isupper()


STATUSES = {
    Reason.MALFORMED: 400,
    Reason.CLOCK_BEHIND: 503,
    Reason.REQUEST_CONFLICT: 422,
    Reason.REQUEST_RUNNING: 409,
    Reason.NOT_FOUND: 404,
    Reason.UNKNOWN_RESERVATION: 409,
    Reason.NAME_TAKEN: 409,
    Reason.LIMITS_CHANGED: 412,
    Reason.OFFER_CHANGED: 412,
    Reason.CLAIMED_TODAY: 409,
    Reason.POINTS_SHORT: 409,
    Reason.ASK_OPEN: 409,
    Reason.ASK_LIMIT: 429,
    Reason.ASK_CLOSED: 409,
    Reason.NOT_ALLOWED: 403,
    Reason.DAILY_LIMIT: 429,
    Reason.USER_STORAGE: 507,
    Reason.POOL_STORAGE: 507,
    Reason.BUSY: 503,
    Reason.STOPPED: 503,
}


@pytest.mark.parametrize(("reason", "status"), STATUSES.items(), ids=str)
def test_a_refusal_has_its_status(reason: Reason, status: int) -> None:
    """The statuses that programs rely on."""
    assert REFUSALS[reason].status == status


def test_a_daily_refusal_says_when_to_come_back_and_never_too_early() -> None:
    """`Retry-After` is whole seconds, rounded up past the reset."""
    refused = Refusal(Reason.DAILY_LIMIT, "1", limit=5, used=5, resets_at="2026-01-02T00:00:00.000000Z")
    problem = refusal(refused, "2026-01-01T23:59:58.400000Z")
    assert problem.headers["Retry-After"] == "2"
    assert problem.members["violated-policies"] == ["daily"]
    assert (problem.members["used"], problem.members["limit"]) == (5, 5)
    assert problem.members["resets_at"] == "2026-01-02T00:00:00.000000Z"


def test_who_asked_for_more_than_a_day_has_is_not_told_to_come_back() -> None:
    """The same request would be refused again, by each program that does as the header says."""
    refused = Refusal(Reason.DAILY_LIMIT, "1", asked=Asked(6, 0), limit=5, resets_at="2026-01-02T00:00:00.000000Z")
    problem = refusal(refused, "2026-01-01T23:59:58.400000Z")
    assert "Retry-After" not in problem.headers
    assert problem.detail.endswith("Ask for at most 5.")


def test_a_running_request_is_to_be_asked_for_again_soon() -> None:
    """The first request may end at any moment."""
    assert refusal(Refusal(Reason.REQUEST_RUNNING), "2026-01-01T00:00:00.000000Z").headers["Retry-After"] == "1"


def test_a_storage_refusal_names_its_policy_and_no_time() -> None:
    """No time alone makes room."""
    problem = refusal(Refusal(Reason.USER_STORAGE, "1", limit=10, used=9, held=1), "2026-01-01T00:00:00.000000Z")
    assert problem.members["violated-policies"] == ["storage"]
    assert "Retry-After" not in problem.headers


@pytest.mark.parametrize(("wait", "header"), [(0.2, "1"), (7.6, "8"), (10**9, "86400")])
def test_a_provider_that_asks_to_wait_is_believed_within_a_day(wait: float, header: str) -> None:
    """At least a second, at most a day."""
    failure = GenerationFailure(AskedToWait(wait), retry_after_seconds=wait)
    assert failed(failure).headers == {"Retry-After": header}


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (DiskFull("/srv/secret: no room"), 507),
        (StorageUnavailable("/srv/secret is not writable"), 503),
        (LedgerStopped("/srv/secret/events.jsonl"), 503),
        (LogLocked("/srv/secret", pid=1), 500),
        (Fault("/srv/secret"), 500),
    ],
)
def test_a_fault_is_answered_without_its_paths(fault: Fault, status: int) -> None:
    """Where the files are is for the log, not for a client."""
    problem = broken(fault)
    assert problem.kind.status == status
    assert "secret" not in problem.detail


def test_a_fault_of_the_senders_image_is_told_to_the_sender() -> None:
    """What is wrong with an image is in the image check's own sentence."""
    problem = broken(InvalidImage(ImageProblem.DAMAGED, "The PNG is damaged: it ends early."))
    assert (problem.kind.status, problem.detail) == (422, "The PNG is damaged: it ends early.")


def test_a_problem_is_written_with_its_members_beside_the_standard_ones() -> None:
    """The members of RFC 9457 and ours are on one level."""
    kind = ProblemKind(409, "urn:abby-ledger:problem:x", "X")
    written = json.loads(render(kind, "Because.", instance="urn:abby-ledger:request:1", members={"used": 3}))
    assert written == {
        "type": kind.type,
        "title": "X",
        "status": 409,
        "detail": "Because.",
        "instance": "urn:abby-ledger:request:1",
        "used": 3,
    }
