"""What became of a generation, for each way in which one can end."""

from __future__ import annotations

import pytest

from adapters.wording.events import words as words_of
from adapters.wording.releases import RELEASED, became
from adapters.wording.settlements import sentence_of_settlement
from domain.commands import OPERATIONS, RELEASE_REASONS
from domain.events import Event, GenerationCompleted, GenerationReleased, GenerationReserved, ImageSaved
from domain.grants import Draw
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
        ([reserved()], 1, 1, None, "for 1 upscale; not ended yet, open until 2026-11-01 10:00 UTC. Counted 1 on"),
        ([reserved(), completed(), saved()], 1, 0, 0.5, "waited 3.5 s; made by openai m in 5.5 s; kept as a.png"),
        ([reserved(), released("failed", 1)], 0, 0, None, "failed. Counted nothing on 2026-11-01. No cost was told"),
        ([reserved(), completed(), released("moderated", 0, delivered=1)], 1, 0, 0.5, "made and filtered. Counted 1"),
        ([reserved(), completed(), released("moderated", 1, delivered=1)], 0, 0, 0.5, "2026-11-01. Cost 0.5"),
        ([reserved(), released("unknown", 1), completed()], 0, 0, 0.5, "the answer was lost. Counted nothing"),
        ([reserved(2), completed(None), saved(), released("expired", 1)], 1, 0, None, "1 of 2 made by openai"),
        ([reserved(2), completed(0.1), completed(0.2), saved(), saved("b.png")], 2, 0, 0.3, "kept as a.png, b.png"),
        ([reserved(), saved()], 1, 0, None, "for 1 upscale; kept as a.png (7 bytes). Counted"),
        ([reserved(style="low-poly")], 1, 1, None, "for 1 upscale in the style low-poly; not ended yet"),
        ([reserved(), released("failed", 1)._replace(provider="openai")], 0, 0, None, "; openai was asked; ended 2026"),
        ([reserved(), completed(), released("not_kept", 0, delivered=1)._replace(provider="x")], 1, 0, 0.5,
         "made by openai m in 5.5 s; ended 2026-11-01"),
        ([reserved(3), completed(), saved(), saved("b.png")], 3, 1, 0.5, "b.png (14 bytes), 1 more than it is said to"),
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


@pytest.mark.parametrize(
    ("operation", "count", "style", "wanted"),
    [
        ("text_to_image", 1, None, "for 1 picture from words;"),
        ("text_to_image", 4, "anime", "for 4 pictures from words in the style anime;"),
        ("image_to_image", 1, "anime", "for 1 picture from another in the style anime;"),
        ("image_to_image", 2, None, "for 2 pictures from another;"),
        ("upscale", 1, None, "for 1 upscale;"),
        ("upscale", 2, None, "for 2 upscales;"),
        ("unspecified", 1, None, "for 1 picture;"),
        ("unspecified", 3, "anime", "for 3 pictures in the style anime;"),
    ],
)
def test_what_was_asked_for_is_told_in_words(operation: str, count: int, style: str | None, wanted: str) -> None:
    """Each operation of the log, one and several: nobody reads `text_to_image`."""
    assert operation in OPERATIONS
    sentence = sentence_of_settlement(settled(reserved(count, style)._replace(operation=operation)))
    assert sentence.startswith(f"Reserved 2026-11-01 10:00 UTC {wanted}")
    assert "place" not in sentence
    assert "_" not in sentence


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (
            [reserved(), completed(1.0), saved()],
            (
                "Reserved 2026-11-01 10:00 UTC for 1 upscale; waited 3.5 s; made by openai m in 5.5 s; "
                "kept as a.png (7 bytes). Counted 1 on 2026-11-01. Cost 1 credit."
            ),
        ),
        (
            [reserved(3), completed(count=2), saved(), released("moderated", 0, delivered=1), released("failed", 1)],
            (
                "Reserved 2026-11-01 10:00 UTC for 3 upscales; waited 3.5 s; 2 of 3 made by openai m in 5.5 s; "
                "kept as a.png (7 bytes); 1 ended 2026-11-01 10:00 UTC: made and filtered; "
                "1 ended 2026-11-01 10:00 UTC: it failed. Counted 2 of 3 on 2026-11-01. Cost 0.5 credits."
            ),
        ),
        (
            [reserved(2), released("unknown", 2, count=2)._replace(provider="openai")],
            (
                "Reserved 2026-11-01 10:00 UTC for 2 upscales; openai was asked; 2 ended 2026-11-01 10:00 UTC: "
                "the answer was lost. Counted nothing on 2026-11-01. No cost was told."
            ),
        ),
    ],
    ids=["kept", "in parts", "lost"],
)
def test_a_settlement_reads_as_one_sentence(events: list[Event], sentence: str) -> None:
    """Whole, as it is shown."""
    assert sentence_of_settlement(settled(*events)) == sentence


def test_every_reason_of_a_release_has_its_words() -> None:
    """No stored word reaches a reader."""
    assert tuple(RELEASED) == RELEASE_REASONS
    for reason in RELEASE_REASONS:
        event = released(reason, refunded=1)
        assert became(reason, 0) == f"{RELEASED[reason]}; nothing was counted"
        assert words_of(event) == f"1 place released: {became(reason, 0)}"
        assert f": {RELEASED[reason]}. Counted nothing" in sentence_of_settlement(settled(reserved(), event))


def test_what_began_before_the_events_that_are_known_has_no_settlement() -> None:
    """Half of one would tell something wrong."""
    assert Settlements(enumerate([completed(), saved()], 1)).of("r") is None
    assert Settlements(enumerate([saved(position="x")], 1)).of_image("a.png") is None


def test_an_image_has_the_settlement_of_the_save_that_is_meant() -> None:
    """Under a name in any case, or by its position."""
    found = Settlements(enumerate([reserved(), saved()], 1))
    assert found.of_image("A.PNG") == found.of_image("a.png", 2) == found.of("r")
    assert found.of_image("a.png", 1) is None


TWO = (Draw("g1", "generations", 2), Draw("g2", "credits", 500))
BORNE: list[tuple[list[Event], int, tuple[Draw, ...], str]] = [
    (
        [reserved(3)._replace(drawn=TWO)],
        1,
        TWO,
        "Borne by grants: 2 generations of grant g1 and 0.5 credits of grant g2.",
    ),
    (
        [reserved(3)._replace(drawn=TWO), released("failed", 0, 2)._replace(returned=(Draw("g1", "generations", 2),))],
        1,
        TWO[1:],
        "Counted 1 of 3 on 2026-11-01. Borne by grants: 0.5 credits of grant g2. No cost was told.",
    ),
    (
        [reserved(3)._replace(drawn=TWO), completed(count=3)._replace(returned=(Draw("g2", "credits", 100),))],
        1,
        (TWO[0], Draw("g2", "credits", 400)),
        "2 generations of grant g1 and 0.4 credits of grant g2.",
    ),
    ([reserved()._replace(drawn=TWO[1:]), released("failed", 1)._replace(returned=TWO[1:])], 0, (), "Counted nothing"),
    (
        [reserved(2)._replace(drawn=TWO[:1])],
        0,
        TWO[:1],
        "Counted nothing on 2026-11-01. Borne by grants: 2 generations",
    ),
]


@pytest.mark.parametrize(("events", "counted", "borne", "words"), BORNE)
def test_what_grants_bore_is_told_and_counts_on_no_day(
    events: list[Event], counted: int, borne: tuple[Draw, ...], words: str
) -> None:
    """What went back to a grant is borne by it no more."""
    found = settled(*events)
    sentence = sentence_of_settlement(found)
    assert (found.counted, found.borne) == (counted, borne)
    assert words in sentence
    assert ("Borne by grants" in sentence) == bool(borne)
