"""The studio over a real store and providers in memory: each place is settled or released, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image
from adapters.application.reading import image_details, image_names, quota_status
from adapters.application.results import LIBRARY, Actor
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.providers import UnavailableProvider
from adapters.ports.failure_reasons import FailedTooOften, FailureKind, Filtered, NotSetUp, TakenTooLong
from adapters.ports.failures import GenerationFailure, NotStored
from adapters.ports.faults import LedgerStopped
from adapters.studio import Generated, Studio, StudioSettings
from adapters.studio import studio as studio_module
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of
from tests.adapters.application.small_disk import FailingSync
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer, failing
from tests.adapters.ports.every_reason import failure_of_kind
from tests.hostile.builders import jpeg_progressive_scans

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", style="anime", width=512, height=512)
Open = Callable[..., tuple[Studio, InMemoryProvider]]


@pytest.fixture
def provider() -> InMemoryProvider:
    """A provider that succeeds until told otherwise."""
    return InMemoryProvider()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with the usual limits."""
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def studio(store: Storage, provider: InMemoryProvider) -> Studio:
    """A studio over both."""
    return Studio(store, Generator(provider))


def daily(store: Storage) -> int:
    """Generations charged today."""
    return int(quota_status(store, "1")["daily"]["used"])


def held_mb(store: Storage) -> float:
    """What open places hold."""
    held = quota_status(store, "1")["user"]["reserved_mb"]
    assert isinstance(held, float)
    return held


def generated(answer: object) -> Generated:
    """The answer, which must be pictures."""
    assert isinstance(answer, Generated), answer
    return answer


async def test_a_picture_is_reserved_made_and_kept(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """One generation, one image in the folder of its kind, with how it was made beside it; no prompt in the log."""
    made = generated(await studio.generate("1", CAT))
    (picture,) = made.pictures
    assert picture.image is not None
    assert picture.image.path == tmp_path / "images/users/1/text_to_image/image_1.png"
    assert picture.image.path.read_bytes() == picture.data
    assert (made.provider, made.model, made.replayed) == ("in memory", "model-1", False)
    assert (daily(store), held_mb(store), provider.asked) == (1, 0, [CAT])
    assert image_details(store, "1", "text_to_image/image_1.png") == {
        "operation": "text_to_image", "prompt": "a cat", "style": "anime", "width": 512, "height": 512, "steps": 30,
        "cfg_scale": 7.0, "strength": 0.35, "seed": 41, "provider": "in memory", "model": "model-1", "seconds": 1.5,
    }  # fmt: skip
    assert_disk_and_log_agree(tmp_path)
    _, reserved, completed, saved = events_of(tmp_path)
    assert [event["type"] for event in (reserved, completed, saved)] == [
        "GenerationReserved", "GenerationCompleted", "ImageSaved",
    ]  # fmt: skip
    assert (completed["data"]["credits"], completed["data"]["seed"]) == (0.25, 41)
    assert (saved["data"]["operation"], reserved["data"]["style"]) == ("text_to_image", "anime")
    assert b"cat" not in (tmp_path / "logs" / "events.jsonl").read_bytes()


async def test_a_batch_takes_a_place_for_each_picture(studio: Studio, store: Storage, tmp_path: Path) -> None:
    """Three pictures, three generations; a batch that does not fit whole is refused before anything is made."""
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", count=3)
    made = generated(await studio.generate("1", request))
    assert [picture.seed for picture in made.pictures] == [41, 42, 43]
    assert len({picture.image.name for picture in made.pictures if picture.image}) == 3
    assert (daily(store), held_mb(store)) == (3, 0)
    refused = await studio.generate("1", request)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.asked.count, daily(store)) == (Reason.DAILY_LIMIT, 3, 3)
    assert_disk_and_log_agree(tmp_path)


async def test_what_no_provider_takes_costs_nothing(studio: Studio, store: Storage, provider: InMemoryProvider) -> None:
    """It is checked before a place is reserved, and so is whether there is a provider."""
    answer = await studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, ""))
    assert isinstance(answer, GenerationFailure)
    assert answer.kind is FailureKind.BAD_REQUEST
    missing = UnavailableProvider(GenerationFailure(NotSetUp("There is none.")))
    answer = await Studio(store, Generator(missing)).generate("1", CAT)
    assert isinstance(answer, GenerationFailure)
    assert (answer.kind, daily(store), provider.asked) == (FailureKind.UNAVAILABLE, 0, [])


# Failure, reason of the release, places charged after it, whether a delivery is recorded.
FAILURES = [
    (FailureKind.AUTH, "failed", 0, False),
    (FailureKind.NO_CREDIT, "failed", 0, False),
    (FailureKind.MODERATED_PROMPT, "rejected", 0, False),
    (FailureKind.MODERATED_OUTPUT, "moderated", 2, True),
    (FailureKind.BAD_REQUEST, "failed", 0, False),
    (FailureKind.RATE_LIMITED, "failed", 0, False),
    (FailureKind.UPSTREAM, "failed", 0, False),
    (FailureKind.UNAVAILABLE, "failed", 0, False),
    (FailureKind.GIVEN_UP, "failed", 0, False),
    (FailureKind.UNKNOWN, "unknown", 0, False),
]


def test_every_kind_of_failure_has_its_row() -> None:
    """A new kind needs a decision about its quota."""
    assert [kind for kind, *_ in FAILURES] == list(FailureKind)


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row[0])
async def test_a_failure_releases_the_places_for_its_reason(
    studio: Studio,
    store: Storage,
    provider: InMemoryProvider,
    tmp_path: Path,
    row: tuple[FailureKind, str, int, bool],
) -> None:
    """The caller hears the failure; the quota is given back unless the provider delivered."""
    kind, reason, charged, delivered = row
    provider.make = failing(kind)
    answer = await studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", count=2))
    assert answer == (GenerationFailure(Filtered(counts=True)) if delivered else failure_of_kind(kind))
    assert (daily(store), held_mb(store), files_of(tmp_path)) == (charged, 0, set())
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert [released["data"][name] for name in ("reason", "count", "provider")] == [reason, 2, "in memory"]
    assert len(events_of(tmp_path, "GenerationCompleted")) == int(delivered)
    assert "style" not in events_of(tmp_path, "GenerationReserved")[0]["data"]


async def test_moderated_pictures_may_be_free(tmp_path: Path, provider: InMemoryProvider) -> None:
    """Where the operator decided so."""
    store = open_store(tmp_path, limits=SetPolicy(moderated_free=True))
    provider.make = failing(FailureKind.MODERATED_OUTPUT)
    answer = await Studio(store, Generator(provider)).generate("1", CAT)
    assert isinstance(answer, GenerationFailure)
    assert answer.reason == Filtered(counts=False)
    assert daily(store) == 0
    store.close()


async def test_a_provider_that_raises_costs_nothing(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """The error goes to the caller, the places back."""

    async def broken(_: GenerationRequest) -> ProviderAnswer:
        raise ZeroDivisionError

    provider.make = broken
    with pytest.raises(ZeroDivisionError):
        await studio.generate("1", CAT)
    assert (daily(store), held_mb(store)) == (0, 0)
    assert events_of(tmp_path, "GenerationReleased")[0]["data"]["reason"] == "failed"


async def test_a_provider_that_never_answers_is_given_up(
    store: Storage, provider: InMemoryProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its answer counts as lost, and its call is cancelled."""
    monkeypatch.setattr(studio_module, "CALL_SECONDS", 0.05)
    studio = Studio(store, Generator(provider))
    provider.stalled = asyncio.Event()
    answer = await studio.generate("1", CAT)
    assert isinstance(answer, GenerationFailure)
    assert (answer.kind, answer.reason) == (FailureKind.UNKNOWN, TakenTooLong(0.05))
    assert (daily(store), held_mb(store), provider.cancelled) == (0, 0, 1)
    assert events_of(tmp_path, "GenerationReleased")[0]["data"]["reason"] == "unknown"


async def test_fewer_pictures_than_asked_release_the_other_places(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """What came is kept and charged, what did not come is given back."""

    async def one(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([provider.picture()])

    provider.make = one
    made = generated(await studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", count=3)))
    assert (len(made.pictures), daily(store), held_mb(store)) == (1, 1, 0)
    assert_disk_and_log_agree(tmp_path)


async def test_more_pictures_than_asked_are_not_kept(
    studio: Studio, store: Storage, provider: InMemoryProvider
) -> None:
    """One was asked for and one is charged."""

    async def three(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([provider.picture() for _ in range(3)])

    provider.make = three
    made = generated(await studio.generate("1", CAT))
    assert (len(made.pictures), daily(store)) == (1, 1)


async def test_an_answer_without_pictures_is_a_failure(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """Nobody is told of a success that has nothing to show, and nothing is charged."""

    async def nothing(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([])

    provider.make = nothing
    answer = await studio.generate("1", CAT)
    assert isinstance(answer, GenerationFailure)
    assert answer.kind is FailureKind.UPSTREAM
    assert (daily(store), held_mb(store)) == (0, 0)
    assert events_of(tmp_path, "GenerationCompleted") == []


async def test_a_caller_who_goes_away_stops_the_call_and_pays_nothing(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """The provider's call is cancelled, the places are released."""
    provider.stalled = asyncio.Event()
    asking = asyncio.create_task(studio.generate("1", CAT))
    await provider.arrived.wait()
    assert daily(store) == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(20):
        await provider.left_alone.wait()
    await studio.close()
    assert (daily(store), held_mb(store), provider.cancelled) == (0, 0, 1)
    assert events_of(tmp_path, "GenerationReleased")[0]["data"]["reason"] == "cancelled"


async def test_what_was_delivered_is_kept_though_the_caller_is_gone(
    studio: Studio, store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """It is paid for; the user finds it in the gallery."""
    asking = asyncio.create_task(studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", count=3)))

    async def and_cancel(request: GenerationRequest) -> ProviderAnswer:
        asyncio.get_running_loop().call_soon(asking.cancel)
        return provider.result([provider.picture() for _ in range(request.count)])

    provider.make = and_cancel
    with pytest.raises(asyncio.CancelledError):
        await asking
    await studio.close()
    assert (len(image_names(store, "1")), daily(store), held_mb(store)) == (3, 3, 0)
    assert_disk_and_log_agree(tmp_path)


async def test_closing_settles_every_place(studio: Studio, store: Storage, provider: InMemoryProvider) -> None:
    """Of requests that are under way, each caller is told."""
    provider.stalled = asyncio.Event()
    asking = [asyncio.create_task(studio.generate("1", CAT)) for _ in range(3)]
    while len(provider.asked) < 3:
        provider.arrived.clear()
        await provider.arrived.wait()
    await studio.close()
    assert [type(outcome) for outcome in await asyncio.gather(*asking, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 3
    assert (daily(store), held_mb(store)) == (0, 0)


async def test_a_paid_picture_that_may_not_be_kept_is_shown_all_the_same(
    tmp_path: Path, provider: InMemoryProvider
) -> None:
    """Its bytes are handed out, marked, and the generation is charged, because it was delivered."""
    limits = SetPolicy(user_bytes=2 * MEGABYTE)
    store = open_store(tmp_path, limits=limits)
    studio = Studio(store, Generator(provider))

    async def large(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([provider.picture(2 * MEGABYTE + 1)])

    provider.make = large
    (picture,) = generated(await studio.generate("1", CAT)).pictures
    assert picture.image is None
    assert len(picture.data) == 2 * MEGABYTE + 1
    assert isinstance(picture.not_kept, Refusal)
    assert picture.not_kept.reason is Reason.USER_STORAGE
    assert (daily(store), held_mb(store), files_of(tmp_path)) == (1, 0, set())
    assert events_of(tmp_path, "GenerationReleased")[0]["data"]["reason"] == "not_kept"
    store.close()


async def test_of_a_batch_what_fits_is_kept(tmp_path: Path, provider: InMemoryProvider) -> None:
    """Each picture is judged by itself; a broken one does not take the others with it."""
    store = open_store(tmp_path)
    studio = Studio(store, Generator(provider))

    async def second_is_broken(_: GenerationRequest) -> ProviderAnswer:
        first, third = provider.picture(), provider.picture()
        broken = first.__class__(jpeg_progressive_scans(101, 64, 48), 1, "image/jpeg")
        return provider.result([first, broken, third])

    provider.make = second_is_broken
    made = generated(await studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", count=3)))
    assert [picture.image is not None for picture in made.pictures] == [True, False, True]
    told = made.pictures[1].not_kept
    assert isinstance(told, NotStored)
    assert "more than 100 scans" in told.sentence
    assert (daily(store), held_mb(store)) == (3, 0)
    store.close()
    assert_disk_and_log_agree(tmp_path)


async def test_a_paid_picture_is_shown_though_the_ledger_stops(tmp_path: Path, provider: InMemoryProvider) -> None:
    """A disk that fails while the provider works takes the record, not the picture."""
    disk = FailingSync()
    store = open_store(tmp_path, files=disk)
    studio = Studio(store, Generator(provider))

    async def and_the_disk_fails(_: GenerationRequest) -> ProviderAnswer:
        disk.failing = True
        return provider.result([provider.picture()])

    provider.make = and_the_disk_fails
    (picture,) = generated(await studio.generate("1", CAT)).pictures
    assert picture.data
    assert (picture.image, picture.not_kept) == (None, NotStored())
    with pytest.raises(LedgerStopped):
        await studio.generate("1", CAT)
    disk.failing = False
    store.close()


# -- request keys -------------------------------------------------------------------------------------


async def test_a_repeated_request_is_answered_by_the_same_picture(
    studio: Studio, store: Storage, provider: InMemoryProvider
) -> None:
    """The provider is asked once; the bytes are those of the kept file."""
    first = generated(await studio.generate("1", CAT, idempotency_key="k"))
    again = generated(await studio.generate("1", CAT, idempotency_key="k"))
    assert again.replayed
    assert [(picture.data, picture.image and picture.image.name) for picture in again.pictures] == [
        (picture.data, picture.image and picture.image.name) for picture in first.pictures
    ]
    assert (len(provider.asked), daily(store)) == (1, 1)


async def test_a_restart_does_not_forget_it(studio: Studio, store: Storage, tmp_path: Path) -> None:
    """What a key stands for is told by the log."""
    first = generated(await studio.generate("1", CAT, idempotency_key="k"))
    store.close()
    with_another = InMemoryProvider()
    opened = open_store(tmp_path)
    again = generated(await Studio(opened, Generator(with_another)).generate("1", CAT, idempotency_key="k"))
    assert (again.replayed, with_another.asked) == (True, [])
    assert [picture.data for picture in again.pictures] == [picture.data for picture in first.pictures]
    opened.close()


async def test_fifty_repeats_at_once_make_one_picture(store: Storage, provider: InMemoryProvider) -> None:
    """While it is made the others are told that it is running; afterwards they get it."""
    studio = Studio(store, Generator(provider), StudioSettings(queue_per_user=50))
    answers = await asyncio.gather(*(studio.generate("1", CAT, idempotency_key="k") for _ in range(50)))
    assert len(provider.asked) == 1
    assert daily(store) == 1
    running = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {refusal.reason for refusal in running} <= {Reason.REQUEST_RUNNING}
    assert len(running) < 50
    assert generated(await studio.generate("1", CAT, idempotency_key="k")).replayed


async def test_a_request_under_way_is_running(studio: Studio, provider: InMemoryProvider) -> None:
    """A repeat neither waits nor asks the provider again."""
    provider.stalled = asyncio.Event()
    first = asyncio.create_task(studio.generate("1", CAT, idempotency_key="k"))
    await provider.arrived.wait()
    refused = await studio.generate("1", CAT, idempotency_key="k")
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.REQUEST_RUNNING
    provider.stalled.set()
    generated(await first)
    assert len(provider.asked) == 1


async def test_a_request_that_failed_may_be_sent_again(
    studio: Studio, store: Storage, provider: InMemoryProvider
) -> None:
    """Each time a new attempt, until one succeeds; then that is the answer for good."""
    provider.make = failing(FailureKind.UPSTREAM)
    for _ in range(3):
        assert isinstance(await studio.generate("1", CAT, idempotency_key="k"), GenerationFailure)
    provider.make = provider._pictures
    first = generated(await studio.generate("1", CAT, idempotency_key="k"))
    again = generated(await studio.generate("1", CAT, idempotency_key="k"))
    assert (first.replayed, again.replayed, len(provider.asked), daily(store)) == (False, True, 4, 1)
    assert again.pictures[0].data == first.pictures[0].data


async def test_a_request_that_keeps_failing_is_given_up(
    studio: Studio, provider: InMemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key has a bound of attempts."""
    monkeypatch.setattr(studio_module, "MAX_ATTEMPTS", 2)
    provider.make = failing(FailureKind.UPSTREAM)
    for _ in range(2):
        await studio.generate("1", CAT, idempotency_key="k")
    answer = await studio.generate("1", CAT, idempotency_key="k")
    assert isinstance(answer, GenerationFailure)
    assert answer.reason == FailedTooOften(2)
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("request_", "user"),
    [
        (GenerationRequest(Operation.TEXT_TO_IMAGE, "a dog", style="anime", width=512, height=512), "1"),
        (GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", style="enhance", width=512, height=512), "1"),
        (CAT, "2"),
    ],
    ids=["another prompt", "another style", "another user"],
)
async def test_the_same_key_for_something_else_is_a_conflict(
    studio: Studio, provider: InMemoryProvider, request_: GenerationRequest, user: str
) -> None:
    """It is told apart by the wish and the user."""
    generated(await studio.generate("1", CAT, idempotency_key="k"))
    refused = await studio.generate(user, request_, idempotency_key="k")
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.REQUEST_CONFLICT
    assert len(provider.asked) == 1


async def test_keys_of_two_actors_never_meet(studio: Studio, provider: InMemoryProvider) -> None:
    """Two bots may count their requests alike."""
    generated(await studio.generate("1", CAT, actor=Actor("discord:1"), idempotency_key="1"))
    made = generated(await studio.generate("1", CAT, actor=Actor("api:bot"), idempotency_key="1"))
    assert (made.replayed, len(provider.asked)) == (False, 2)


async def test_a_picture_deleted_since_is_answered_without_bytes(studio: Studio, store: Storage) -> None:
    """It is not made again, because it was made and charged."""
    first = generated(await studio.generate("1", CAT, idempotency_key="k"))
    assert first.pictures[0].image is not None
    await delete_image(store, "1", first.pictures[0].image.name, actor=LIBRARY)
    (picture,) = generated(await studio.generate("1", CAT, idempotency_key="k")).pictures
    assert picture.image is not None
    assert (picture.data, picture.image.path) == (b"", None)


@pytest.mark.parametrize("given", [{}, {"idempotency_key": "k"}], ids=["no key", "a key"])
async def test_the_sixth_of_a_day_is_refused_before_the_provider_is_asked(
    studio: Studio, provider: InMemoryProvider, store: Storage, given: dict[str, Any]
) -> None:
    """And nothing is charged for it."""
    for _ in range(5):
        generated(await studio.generate("1", CAT))
    refused = await studio.generate("1", CAT, **given)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.used, refused.limit) == (Reason.DAILY_LIMIT, 5, 5)
    assert (len(provider.asked), daily(store)) == (5, 5)


async def test_a_key_too_long_for_its_steps_is_malformed(studio: Studio, provider: InMemoryProvider) -> None:
    """255 characters are a key, one more is refused before anything is reserved or paid."""
    assert isinstance(await studio.generate("1", CAT, idempotency_key="k" * 255), Generated)
    calls = len(provider.asked)
    refused = await studio.generate("1", CAT, idempotency_key="k" * 256)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.MALFORMED
    assert len(provider.asked) == calls
