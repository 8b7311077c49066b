"""What the settings make of an external currency, and what they refuse and warn about."""

from __future__ import annotations

import pytest

from adapters.market.configured import currency_unencrypted, make_currency
from adapters.ports.currency import Hold, HoldState
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config
from adapters.settings.sources import Sources
from tests.emulators.currency import CurrencyEmulator

KEY = "no-shape-of-a-key-0815"


def configured(**settings: str) -> Config:
    """The configuration of an environment."""
    return Config(Sources((("environment", settings),)))


def test_without_an_address_there_is_none() -> None:
    """A key and a name alone make no currency."""
    assert make_currency(configured(CURRENCY_KEY=KEY, CURRENCY_NAME="gems")) is None
    assert make_currency(configured(CURRENCY_URL=" ")) is None


async def test_the_service_is_asked_with_its_key() -> None:
    """As the settings say; a slash at the end of the address is none too many."""
    bank = CurrencyEmulator(KEY)
    async with bank.serving() as address:
        currency = make_currency(configured(CURRENCY_URL=f"{address}/", CURRENCY_KEY=KEY, CURRENCY_NAME="Gems d'Or"))
        assert currency is not None
        assert currency.name == "Gems d'Or"
        assert await currency.reserve(Hold("abby-1", "ann", 1)) is HoldState.HELD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CURRENCY_URL", "bank.example.org"),
        ("CURRENCY_URL", "ftp://bank.example.org"),
        ("CURRENCY_URL", "https://ann:secret@bank.example.org"),
        ("CURRENCY_URL", "https://bank.example.org/?key=1"),
        ("CURRENCY_KEY", "two words"),
        ("CURRENCY_KEY", "<your key>"),
        ("CURRENCY_NAME", ""),
        ("CURRENCY_NAME", "@everyone"),
        ("CURRENCY_NAME", "**coins**"),
        ("CURRENCY_NAME", "a\tb"),
        ("CURRENCY_NAME", "x" * 33),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name: str, value: str) -> None:
    """With its name, and without the value of a key."""
    with pytest.raises(ConfigError, match=name) as refused:
        configured(**{name: value})
    assert name != "CURRENCY_KEY" or value not in str(refused.value)


def test_a_name_as_long_as_may_be_is_taken() -> None:
    """The boundary of the row above."""
    assert configured(CURRENCY_NAME="x" * 32).currency.name == "x" * 32


def test_the_key_is_shown_nowhere() -> None:
    """Neither in what a start prints, nor in the text of the configuration; log lines are searched for it."""
    config = configured(CURRENCY_URL="https://bank.example.org", CURRENCY_KEY=KEY)
    assert KEY not in " ".join([*config.describe(), repr(config), repr(config.currency)])
    assert KEY in config.secrets()


@pytest.mark.parametrize(
    ("address", "key", "warned"),
    [
        ("http://bank.example.org", KEY, True),
        ("http://192.168.0.9:9100", KEY, True),
        ("http://bank.example.org", "", False),
        ("http://127.0.0.1:9100", KEY, False),
        ("http://localhost:9100", KEY, False),
        ("https://bank.example.org", KEY, False),
        ("", KEY, False),
    ],
)
def test_a_key_that_would_go_over_plain_http_is_warned_about(address: str, key: str, *, warned: bool) -> None:
    """To another machine alone."""
    sentence = "CURRENCY_URL begins with http://, so the key is sent unencrypted; use https://"
    config = configured(CURRENCY_URL=address, CURRENCY_KEY=key)
    assert currency_unencrypted(config) == ([sentence] if warned else [])
