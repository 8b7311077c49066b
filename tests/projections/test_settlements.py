"""What became of a generation, for each way in which one can end."""

from __future__ import annotations

import pytest

from adapters.wording.settlements import RELEASED, sentence_of_settlement
from domain.commands import RELEASE_REASONS
from domain.events import Event, GenerationCompleted, GenerationReleased, GenerationReserved, ImageSaved
from projections.settlements import Settlement, Settlements

AT = "2026-11-0{}T10:00:{:02}.000000Z"


def reserved(count: int = 1, style: str | None = None) -> GenerationReserved:
    return GenerationReserved(
        at=AT.format(1, 0), user="ada", by="library", reservation="r", operation="upscale", count=count,
        bytes_each=10, expires_at=AT.format(1, 59), style=style,
    )  # fmt: skip


def completed(cost: float | None = 0.5, count: int = 1) -> GenerationCompleted:
    return GenerationCompleted(
        at=AT.format(1, 9), user="ada", by="library", reservation="r", count=count, provider="openai", model="m",
        seconds=5.5, credits=cost,
    )  # fmt: skip


def saved(name: str = "a.png", position: str = "r") -> ImageSaved:
    return ImageSaved(
        at=AT.format(1, 10), user="ada", by="library", name=name, bytes=7, replaced_bytes=0, sha256="0" * 64,
        media_type="image/png", width=1, height=1, operation="upscale", temp=False, staged="s", reservation=position,
    )  # fmt: skip


def released(reason: str, refunded: int, count: int = 1, delivered: int = 0) -> GenerationReleased:
    return GenerationReleased(AT.format(1, 20), "ada", "library", "r", count, delivered, reason, refunded)


def settled(*events: Event) -> Settlement:
    found = Settlements(enumerate(events, 1)).of("r")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("events", "counted", "open_places", "cost", "words"),
    [
        ([reserved()], 1, 1, None, "1 place still open until"),
        ([reserved(), completed(), saved()], 1, 0, 0.5, "waited 3.5 s; made by openai m in 5.5 s; kept as a.png"),
        ([reserved(), released("failed", 1)], 0, 0, None, "failed. Counted nothing on 2026-11-01. No cost was told"),
        ([reserved(), completed(), released("moderated", 0, delivered=1)], 1, 0, 0.5, "made and filtered. Counted 1"),
        ([reserved(), completed(), released("moderated", 1, delivered=1)], 0, 0, 0.5, "2026-11-01. Cost 0.5"),
        ([reserved(), released("unknown", 1), completed()], 0, 0, 0.5, "the answer was lost. Counted nothing"),
        ([reserved(2), completed(None), saved(), released("expired", 1)], 1, 0, None, "1 of 2 made by openai"),
        ([reserved(2), completed(0.1), completed(0.2), saved(), saved("b.png")], 2, 0, 0.3, "kept as a.png, b.png"),
        ([reserved(), saved()], 1, 0, None, "1 place for upscale); kept as a.png"),
        ([reserved(style="low-poly")], 1, 1, None, "(1 place for upscale in the style low-poly); 1 place still open"),
        ([reserved(), released("failed", 1)._replace(provider="openai")], 0, 0, None, "; asked of openai; 1 place rel"),
        ([reserved(), completed(), released("not_kept", 0, delivered=1)._replace(provider="x")], 1, 0, 0.5,
         "made by openai m in 5.5 s; 1 place released"),
    ],
)  # fmt: skip
def test_each_way_to_end_is_told(
    events: list[Event], counted: int, open_places: int, cost: float | None, words: str
) -> None:
    """What it counted, what is still open, what it cost, and in which words."""
    found = settled(*events)
    assert (found.counted, found.open) == (counted, open_places)
    assert found.credits == (None if cost is None else pytest.approx(cost))
    assert words in sentence_of_settlement(found)


def test_every_reason_of_a_release_has_its_words() -> None:
    """No stored word reaches a reader."""
    assert set(RELEASED) == set(RELEASE_REASONS)


def test_what_began_before_the_events_that_are_known_has_no_settlement() -> None:
    """Half of one would tell something wrong."""
    assert Settlements(enumerate([completed(), saved()], 1)).of("r") is None
    assert Settlements(enumerate([saved(position="x")], 1)).of_image("a.png") is None


def test_an_image_has_the_settlement_of_the_save_that_is_meant() -> None:
    """Under a name in any case, or by its position."""
    found = Settlements(enumerate([reserved(), saved()], 1))
    assert found.of_image("A.PNG") == found.of_image("a.png", 2) == found.of("r")
    assert found.of_image("a.png", 1) is None
