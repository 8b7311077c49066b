"""Limits in members' words: whose each is, what fits, and that nobody hears that what all use up were their fault."""

from __future__ import annotations

import re

import pytest

from adapters.discord.embeds import quota_embed
from adapters.discord.limit_words import credits_left, title_of
from adapters.discord.messages import message_for_refusal
from domain.events import Asked
from domain.limit_names import FURTHER
from domain.refusals import Reason, Refusal
from tests.adapters.discord.quota_figures import figures, grant, window
from tests.adapters.discord.test_embeds import check, fields_of
from tests.adapters.discord.test_messages import OPERATORS_WORDS

BY_SERVER = "Everybody in this server shares them."
BY_ALL = "Everybody who uses this bot shares them, in all servers."
HELD = "6 of them are held for pictures under way, and come back if those fail."
HELD_ONE = "1 of them is held for pictures under way, and comes back if those fail."
NOW, AFTER_IT = "Ask for at most 1, or wait.", "Ask for at most 3 after the reset."
RESET = "\nNext Reset: <t:1769904000:R> (<t:1769904000:t>)"
MANAGERS, OWNER = "The server's managers can raise it.", "Only whoever runs the bot can raise it."
TAKES, ZERO = "20 credits are left this month, and this takes 6.", "this month: this limit is 0."

Row = tuple[str, tuple[int, int, int], int, str, tuple[str, ...]]
ROWS: tuple[Row, ...] = (
    # (limit, (most, used, held), pictures asked for, what is told first, and then); a picture is six credits
    ("user/month/credits", (20, 20, 0), 1, "You've used all of your 20 credits this month.", (RESET,)),
    ("user/month/credits", (20, 14, 6), 1, "You've used all of your 20 credits this month.", (HELD, RESET)),
    ("user/month/credits", (20, 19, 1), 1, "You've used all of your 20 credits this month.", (HELD_ONE, RESET)),
    ("user/month/credits", (20, 20, 0), 4, "You've used all of your 20 credits this month.", (AFTER_IT, RESET)),
    ("user/month/credits", (20, 18, 0), 1, "2 of your 20 credits are left this month, and this takes 6.", (RESET,)),
    ("user/month/credits", (20, 19, 0), 1, "1 of your 20 credits is left this month, and this takes 6.", (RESET,)),
    (
        "user/month/credits",
        (20, 12, 0),
        4,
        "8 of your 20 credits are left this month, and this takes 24.",
        (NOW, RESET),
    ),
    (
        "user/week/credits",
        (5, 0, 0),
        1,
        "One picture takes 6 credits, and your limit is 5 credits a week.",
        (MANAGERS,),
    ),
    ("user/day/credits", (0, 0, 0), 1, "There are no credits for you today: this limit is 0.", (MANAGERS,)),
    ("user/week/generations", (9, 9, 0), 1, "You've used all of your 9 generations this week.", (RESET,)),
    ("guild/day/generations", (9, 9, 0), 1, "This server's 9 generations today are used up.", (BY_SERVER, RESET)),
    ("guild/month/credits", (20, 16, 0), 1, f"4 of this server's {TAKES}", (BY_SERVER, RESET)),
    ("guild/month/generations", (0, 0, 0), 1, f"There are no generations for anybody in this server {ZERO}", (OWNER,)),
    ("pool/month/credits", (20, 14, 6), 1, "The bot's 20 credits this month are used up.", (HELD, BY_ALL, RESET)),
    (
        "pool/day/credits",
        (5, 0, 0),
        1,
        "One picture takes 6 credits, and the bot's limit is 5 credits a day.",
        (OWNER,),
    ),
    ("pool/day/credits", (0, 0, 0), 1, "There are no credits for anybody today: this limit is 0.", (OWNER,)),
)


def refusal(name: str, amounts: tuple[int, int, int], count: int) -> Refusal:
    """A limit of a window says no."""
    each = 1_000 if name.endswith("credits") else 1
    most, used, held = (amount * each for amount in amounts)
    return Refusal(
        Reason.WINDOW_LIMIT,
        "1",
        asked=Asked(count, 0, 0, count * 6_000),
        limit=most,
        used=used,
        held=held,
        resets_at="2026-02-01T00:00:00.000000Z",
        window=name,
    )


@pytest.mark.parametrize(("name", "amounts", "count", "first", "then"), ROWS)
def test_a_window_says_no_in_members_words(
    name: str, amounts: tuple[int, int, int], count: int, first: str, then: tuple[str, ...]
) -> None:
    """Whose it is, what is left, what fits, and when it begins anew where waiting helps."""
    words = " ".join((first, *then)).replace(" \n", "\n")
    assert message_for_refusal(refusal(name, amounts, count)).text == words


@pytest.mark.parametrize("name", [name for name in FURTHER if not name.startswith("user/")])
@pytest.mark.parametrize("used", [9, 8, 0])
def test_what_all_use_up_is_nobodys_fault(name: str, used: int) -> None:
    """No "you" in the refusal of a limit of a server or of all."""
    text = message_for_refusal(refusal(name, (9, used, 0), 2)).text
    assert not re.search(r"\byou", text, re.IGNORECASE)
    assert "shares them" in text
    assert not OPERATORS_WORDS.search(text)


def test_every_further_limit_has_a_title_of_its_own() -> None:
    """As the field of a quota has it."""
    assert len({title_of(name) for name in FURTHER}) == len(FURTHER)
    assert title_of("guild/week/generations") == "🏠 This Server's Generations This Week"


def test_a_quota_with_every_limit_and_many_grants_fits_discord() -> None:
    """All of them are shown; of grants those that end first, and how many more there are."""
    status = figures()
    status["windows"] = [window(name, 2**53 - 2, 2**53 - 1, enforced=False) for name in FURTHER]
    ends = [f"2026-03-{day:02}T00:00:00.000000Z" for day in range(1, 29)]
    status["grants"] = [grant("credits", 0.125), *(grant("generations", 3, end, "gifted") for end in ends)]
    embed = quota_embed(status, "Bob")
    check(embed)
    shown = fields_of(embed)
    assert len(shown) == 4 + len(FURTHER) + 1
    lines = shown["🎁 Beyond The Limits"].splitlines()
    assert lines[0] == "• 3 generations, until <t:1772323200:f> (a gift)"
    assert lines[-1] == "and 21 more"
    assert len(lines) == 9


def test_of_few_grants_each_is_told() -> None:
    """What is for good last."""
    status = figures()
    status["grants"] = [grant("bytes", 1_048_576), grant("credits", 2.5, "2026-03-01T00:00:00.000000Z", "earned")]
    told = fields_of(quota_embed(status, "Bob"))["🎁 Beyond The Limits"]
    assert told == "• 2.5 credits, until <t:1772323200:f> (earned)\n• 1.0 MB (from a manager)"


def test_credits_are_told_of_the_limit_with_least_left() -> None:
    """Nothing where none refuses."""
    three = [
        window("user/month/generations", 1, 2),
        window("user/month/credits", 5.5, 20),
        window("pool/month/credits", 499, 500),
    ]
    assert credits_left(three) == "1 of the bot's 500 credits is left this month"
    assert credits_left(three[:2]) == "14.5 of your 20 credits are left this month"
    assert credits_left([window("user/month/credits", 20, 20, enforced=False)]) == ""
