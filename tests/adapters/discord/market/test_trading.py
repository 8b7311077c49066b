"""The words of the market for members: each outcome has some, which promise no more of the money than is known."""

from __future__ import annotations

import re

import discord
import pytest

from adapters.application.market import PointsChanged
from adapters.discord.offers import KEY_CHARACTERS, MarketButton, Press, key_of
from adapters.discord.trading import Told, message_for_trade, told_of_sale, units, written
from adapters.discord.views import ID_CHARACTERS
from adapters.market.market import Sale
from adapters.ports.currency import CurrencyFailure, Trouble
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, OutcomeUnknown, StorageUnavailable
from adapters.ports.purchases import Bought, NotBought, Unclear, Unpaid
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal
from tests.adapters.discord.hostile_texts import LINK, LIVE

TEN = Offer("ten", "generations", 10, 1_250, 30)
HOSTILE = "@everyone <@1> [x](https://x.example)"
OPERATORS_WORDS = re.compile(r"\b[A-Z]+_[A-Z_]+\b|`abby |/srv")
KNOWN: list[Sale | Fault] = [
    PointsChanged(7, balance=3),
    Bought("g", paid=True),
    Bought("g", paid=False),
    *Unclear,
    *(NotBought(why) for why in Unpaid),
    *(NotBought(CurrencyFailure(trouble), held=held) for trouble in Trouble for held in (True, False)),
    NotBought(Refusal(Reason.OFFER_CHANGED, "1", HOSTILE), held=True),
    Refusal(Reason.POINTS_SHORT, "1", limit=3, used=1_250),
    Refusal(Reason.OFFER_CHANGED, "1", HOSTILE),
    Refusal(Reason.MALFORMED, "1", HOSTILE),
    DiskFull("/srv"),
    StorageUnavailable("/srv"),
    OutcomeUnknown("/srv"),
    LedgerStopped("/srv"),
]


@pytest.mark.parametrize("sale", KNOWN, ids=str)
def test_every_outcome_of_a_purchase_is_told_to_members(sale: Sale | Fault) -> None:
    """In whole sentences, without an operator's word and without anything that acts."""
    text = told_of_sale(sale, TEN, "gems @everyone").text
    assert text.rstrip()[-1] in ".)"
    assert not OPERATORS_WORDS.search(text)
    assert not LIVE.search(text)
    assert not LINK.search(text)


def test_what_is_not_known_yet_can_be_asked_about_and_what_is_known_cannot() -> None:
    """A payment that is not confirmed, and whatever nobody knows: nothing of that is called bought or not bought."""
    is_open = [repr(sale) for sale in KNOWN if told_of_sale(sale, TEN, "gems").is_open]
    unknown = (Bought("g", paid=False), *Unclear, OutcomeUnknown("/srv"), LedgerStopped("/srv"))
    assert is_open == [repr(sale) for sale in unknown]
    for sale in (*Unclear, OutcomeUnknown("/srv"), LedgerStopped("/srv")):
        words = told_of_sale(sale, TEN, "gems").text
        assert "othing was bought" not in words
        assert "✅" not in words


def test_points_are_named_as_they_are_called_here() -> None:
    """In the refusals too, which the ledger words without the setting; the next claim with its time."""
    short = message_for_trade(Refusal(Reason.POINTS_SHORT, "1", limit=3, used=9), "stars")
    assert short.text == "This takes 9 stars, and 3 are there. Nothing was changed."
    claimed = Refusal(Reason.CLAIMED_TODAY, "1", resets_at="2026-01-02T00:00:00.000000Z")
    assert message_for_trade(claimed, "stars").text == (
        "You have taken today's stars already. The next ones are there <t:1767312000:R> (<t:1767312000:t>)."
    )
    assert [units(1, called) for called in ("points", "stars")] == ["1 point", "1 stars"]
    assert units(1_250, "**x**") == "1,250 \\*\\*x\\*\\*"
    assert told_of_sale(PointsChanged(7, balance=3), TEN, "stars") == Told(
        "✅ Bought: **10 generations for 30 days** for 1,250 stars. You have 3 left.\n`/quota` shows it beside your "
        "limits: it bears what they have no room for.",
        told_of_sale(Bought("g", paid=True), TEN, "stars").colour,
    )


@pytest.mark.parametrize("fault", [DiskFull("/srv"), StorageUnavailable("/srv")], ids=repr)
def test_behind_a_disk_that_takes_nothing_nothing_was_changed(fault: Fault) -> None:
    """And so it is said: nothing of pictures."""
    assert "so nothing was changed. Please tell the server's managers" in message_for_trade(fault, "stars").text


def test_every_id_of_a_button_of_the_market_is_within_the_limit() -> None:
    """Of the longest offer, owner and question; it is read again as it was written, and another offer has another."""
    someone = "18446744073709551615"
    for offer in ("n" * 64, "n" * KEY_CHARACTERS, "n"):
        for press in (
            Press("page", "10"),
            Press("ask", key_of(offer), "f" * 10),
            Press("yes", key_of(offer), "f" * 10, someone),
        ):
            custom_id = press.id_for(someone)
            assert len(custom_id) <= ID_CHARACTERS
            match = MarketButton.__discord_ui_compiled_template__.fullmatch(custom_id)
            assert match is not None
            assert MarketButton(discord.ui.Button(custom_id=custom_id), match).press == press
    assert len({key_of("n" * length) for length in range(1, 65)}) == 64


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (None, None), ("", None), (" \n\t ", None), ("\u200d", None), ("two\nlines", "two lines"),
        ("👩\u200d🚀 ❤️", "👩🚀 ❤️"), ("a\x00b\u202ec", "abc"), ("a" * 200, "a" * 200),
    ],
)  # fmt: skip
def test_words_are_recorded_as_the_log_takes_them(words: str | None, kept: str | None) -> None:
    """So that an emoji of several parts, or a new line, makes no gift fail."""
    assert written(words) == kept
