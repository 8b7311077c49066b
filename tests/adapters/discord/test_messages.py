"""What the bot says: the seeds' words where they have some, and a message that a member understands for all else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from discord import Colour

from adapters.discord.messages import (
    COLOURS,
    FAULTS,
    REFUSALS,
    Message,
    bar,
    colour_of,
    help_text,
    message_for_refusal,
    message_for_storage_fault,
    nearly_full,
    pool_message,
    progress_text,
    quota_line,
    unexpected,
)
from adapters.images.invalid_image import InvalidImage
from adapters.ports.faults import DiskFull, Fault
from adapters.studio import Progress
from domain.events import Asked
from domain.limits import MEGABYTE, Limits, Status
from domain.refusals import Reason, Refusal
from tests.adapters.discord.quota_figures import figures
from tests.domain.examples import window_of

RESETS_AT = "2026-01-02T00:00:00.000000Z"
OPERATORS_WORDS = re.compile(r"\b[A-Z]+_[A-Z_]+\b|`abby |/srv")


def reached(
    reason: Reason = Reason.DAILY_LIMIT, detail: str = "", *, limit: int = 5, used: int = 5, asked: int = 1
) -> Refusal:
    """The daily limit says no; another reason with the same figures."""
    window = window_of(reason)
    return Refusal(
        reason, "1", detail, asked=Asked(asked, 0), limit=limit, used=used, resets_at=RESETS_AT, window=window
    )


def full(reason: Reason = Reason.USER_STORAGE) -> Refusal:
    """A limit of storage says no."""
    return Refusal(reason, "1", asked=Asked(1, MEGABYTE), limit=500 * MEGABYTE, used=500 * MEGABYTE)


def every_fault_class(fault: type[Fault] = Fault) -> Iterator[type[Fault]]:
    """The whole tree of faults."""
    yield fault
    for narrower in fault.__subclasses__():
        yield from every_fault_class(narrower)


SEEDS = [
    (
        message_for_refusal(reached()),
        "❌ Daily Generation Limit Reached",
        "You've reached your daily limit of 5 generations.\nNext Reset: <t:1767312000:R> (<t:1767312000:t>)",
    ),
    (message_for_refusal(full()), "❌ Storage Error", "Your storage quota is full: 500.0 MB of 500.0 MB are used"),
    (message_for_refusal(full(Reason.POOL_STORAGE)), "❌ Storage Error", "Server storage is full: "),
    (message_for_storage_fault(DiskFull("/srv")), "❌ Storage Error", "The server's disk is full"),
    (unexpected("a1b2"), "❌ Generation Error", "An unexpected error occurred. Please try again later.\n"),
]


@pytest.mark.parametrize("reason", [Reason.USER_STORAGE, Reason.POOL_STORAGE])
def test_members_hear_that_an_estimate_does_not_fit(reason: Reason) -> None:
    """How much is left and expected; no setting."""
    refusal = Refusal(reason, "1", asked=Asked(1, 3 * MEGABYTE // 2), limit=2 * MEGABYTE, used=MEGABYTE, estimated=True)
    text = message_for_refusal(refusal).text
    assert "so 1.0 MB are left, and the next picture is expected to need 1.5 MB. " in text
    assert "IMAGE_GEN_SIZE_MB" not in text


@pytest.mark.parametrize(("message", "title", "beginning"), SEEDS)
def test_the_error_texts_begin_with_the_seeds_words(message: Message, title: str, beginning: str) -> None:
    """Of the five error texts of the specification, title and first sentence; `test_failures` has the other two."""
    assert message.title == title
    assert message.text.startswith(beginning)
    assert message.colour == Colour.red()


def test_every_reason_has_words() -> None:
    """A new member of the enumeration cannot go without a message."""
    assert set(REFUSALS) == set(Reason)


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
def test_every_refusal_is_told_in_sentences_for_members(reason: Reason, details: dict[Reason, str]) -> None:
    """A title and whole sentences, without a word that only an operator knows."""
    message = message_for_refusal(reached(reason, details.get(reason, "")))
    assert message.title
    assert message.text[0].isupper()
    assert message.text[-1] in ".)"
    assert not OPERATORS_WORDS.search(message.text)
    assert details.get(reason, "") in message.text or reason is Reason.CLOCK_BEHIND


@pytest.mark.parametrize("fault", [*every_fault_class()], ids=lambda fault: fault.__name__)
def test_every_fault_of_the_storage_is_told_without_its_folders(fault: type[Fault]) -> None:
    """The whole tree. Only a fault of the member's own image is told in its own words."""
    raised = fault.__new__(fault, "It ends early." if fault is InvalidImage else "/srv/abby")
    assert str(raised) in {"It ends early.", "/srv/abby"}
    message = message_for_storage_fault(raised)
    assert message.title == "❌ Storage Error"
    assert message.text.endswith(".")
    assert not OPERATORS_WORDS.search(message.text)
    assert ("It ends early." in message.text) == (fault is InvalidImage)


def test_the_general_fault_is_looked_at_last() -> None:
    """The first row that fits is taken, so each row stands before those it is a kind of."""
    rows = list(FAULTS)
    assert [row for place, row in enumerate(rows) if any(issubclass(row, wider) for wider in rows[:place])] == []
    assert rows[-1] is Fault


@pytest.mark.parametrize(
    ("limit", "used", "asked", "told"),
    [
        (5, 5, 1, "You've reached your daily limit of 5 generations.\nNext Reset: "),
        (1, 1, 1, "You've reached your daily limit of 1 generation.\nNext Reset: "),
        (
            5,
            4,
            2,
            "You asked for 2 pictures, and 1 of your daily limit of 5 generations is left. Ask for at most 1",
        ),
        (5, 3, 4, "You asked for 4 pictures, and 2 of your daily limit of 5 generations are left. Ask for at most 2"),
        (
            2,
            1,
            4,
            "You asked for 4 pictures, more than your daily limit of 2 generations, of which 1 is left. Ask",
        ),
        (
            2,
            2,
            4,
            "You've reached your daily limit of 2 generations. You asked for 4 pictures: ask for at most 2",
        ),
        (5, 7, 1, "You've reached your daily limit of 5 generations."),
    ],
)
def test_the_daily_refusal_says_what_is_true(limit: int, used: int, asked: int, told: str) -> None:
    """Who has places left, but too few, has not reached the limit."""
    text = message_for_refusal(reached(limit=limit, used=used, asked=asked)).text
    assert text.startswith(told)
    assert "<t:1767312000:R>" in text


@pytest.mark.parametrize(
    ("limit", "asked", "told"),
    [
        (
            0,
            1,
            (
                "You've reached your daily limit of 0 generations: it allows none on any day. "
                "The server's managers can raise it."
            ),
        ),
        (2, 4, "You asked for 4 pictures, more than your daily limit of 2 generations. Ask for at most 2."),
    ],
)
def test_who_can_never_have_so_much_is_promised_no_reset(limit: int, asked: int, told: str) -> None:
    """Waiting would not help."""
    assert message_for_refusal(reached(limit=limit, used=0, asked=asked)).text == told


@pytest.mark.parametrize("reason", [Reason.USER_STORAGE, Reason.POOL_STORAGE])
def test_members_hear_what_would_fit(reason: Reason) -> None:
    """Fewer pictures where those do, and that `/delete` is not enough where not even one does."""
    asked = Asked(4, 8 * MEGABYTE)
    refusal = Refusal(reason, "1", asked=asked, limit=9 * MEGABYTE, used=4 * MEGABYTE, estimated=True)
    assert "Ask for at most 2, or " in message_for_refusal(refusal).text
    never = message_for_refusal(refusal._replace(limit=MEGABYTE, used=0)).text
    assert " full: it is 1.0 MB in all, and 4 pictures are expected to need 8.0 MB. " in never
    assert "managers" in never
    assert "Ask for at most" not in never


def test_the_quota_line_has_the_seeds_form() -> None:
    """Word for word."""
    assert quota_line(figures(45.2, daily=(2, 5))) == "Daily: 2/5 | Storage: 45.2/500.0MB"


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [
        (-1.0, "░░░░░░░░░░"),
        (0.0, "░░░░░░░░░░"),
        (0.001, "█░░░░░░░░░"),
        (0.4, "████░░░░░░"),
        (0.999, "█████████░"),
        (1.0, "██████████"),
        (7.0, "██████████"),
    ],
)
def test_a_bar_is_empty_and_full_only_at_the_ends(fraction: float, drawn: str) -> None:
    """Ten blocks, whatever is asked."""
    assert bar(fraction) == drawn


@pytest.mark.parametrize(
    ("progress", "told"),
    [
        (Progress(queue_position=3), "⏳ Waiting: place 3 in the line..."),
        (Progress(), "🎨 Painting..."),
        (Progress(fraction=0.4), "🎨 Painting... 40 %\n████░░░░░░"),
        (Progress(fraction=0.29), "🎨 Painting... 29 %\n███░░░░░░░"),
        (Progress(fraction=3.0), "🎨 Painting... 100 %\n██████████"),
        (Progress(fraction=float("nan")), "🎨 Painting... 0 %\n░░░░░░░░░░"),
    ],
)
def test_progress_is_told(progress: Progress, told: str) -> None:
    """The place while it waits, then how much is done, whatever a provider tells."""
    assert progress_text(progress) == told


@pytest.mark.parametrize(
    ("used_mb", "hint"),
    [
        (449, None),
        (450, None),
        (451, "💾 Storage quota nearly full: 90.2 % is used. Make room with `/delete`."),
        (600, "💾 Storage quota nearly full: 120.0 % is used. Make room with `/delete`."),
    ],
)
def test_the_hint_comes_above_ninety_percent(used_mb: float, hint: str | None) -> None:
    """One under, on, one over, and beyond a lowered limit."""
    assert nearly_full(figures(used_mb)) == hint


def test_each_status_has_the_seeds_colour() -> None:
    """Pattern 3."""
    assert {Status.OK: Colour.green(), Status.WARNING: Colour.yellow(), Status.CRITICAL: Colour.red()} == COLOURS
    assert [colour_of(figures(used)) for used in (400, 401, 476)] == list(COLOURS.values())


@pytest.mark.parametrize(
    ("used_mb", "title"),
    [(4000, None), (4001, "⚠️ Server storage is filling up"), (4751, "🛑 Server storage critical!")],
)
def test_managers_hear_of_a_pool_that_fills_up(used_mb: float, title: str | None) -> None:
    """At WARNING and CRITICAL, with the figures and what can be done."""
    message = pool_message(figures(pool_used_mb=used_mb))
    assert (message and message.title) == title
    if message is not None:
        assert message.text.startswith(f"{used_mb}.0MB of 5000.0MB are used")
        assert "/storage_cleanup" in message.text


@pytest.mark.parametrize(("free", "told"), [(True, "does not count"), (False, "**counts**")])
def test_the_help_says_what_a_filtered_picture_costs(free: bool, told: str) -> None:
    """As the policy in force has it."""
    (line,) = (line for line in help_text(Limits(moderated_free=free)).splitlines() if "filtered" in line)
    assert told in line


def test_the_help_says_what_the_rest_costs_and_names_every_command() -> None:
    """Limits, failures and upscales."""
    text = help_text(Limits(daily=7, user_bytes=300 * MEGABYTE))
    assert "7 generations a day" in text
    assert "300.0 MB" in text
    counts, does_not = text.split("**What does not count**")
    assert "upscale" in counts.split("**What counts")[1]
    assert "failure" in does_not
    named = set(re.findall(r"`/(\w+)`", text))
    assert {"imagine", "imgimg", "upscale", "gallery", "history", "delete"} <= named
    assert {"style", "queue", "quota", "why", "privacy", "price"} <= named
