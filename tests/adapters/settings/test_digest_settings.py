"""Where each week's digest goes, and when: what the three settings accept, and what they come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config
from adapters.settings.doors import DiscordConfig

MANY = ",".join(map(str, range(1, 51)))
GOOD = {
    "DISCORD_DIGEST_CHANNELS": ("", "none", "0", "managers", "Managers, 9223372036854775807", MANY),
    "DISCORD_DIGEST_WHOLE": ("0", "9223372036854775807"),
    "DISCORD_DIGEST_AT": ("monday 8", "Sunday 23:00", " friday   00:00 "),
}
BAD = {
    "DISCORD_DIGEST_CHANNELS": ("#managers", "none,5", "-1", "9223372036854775808", "<#5>", "5;6", f"{MANY},51"),
    "DISCORD_DIGEST_WHOLE": ("managers", "-1"),
    "DISCORD_DIGEST_AT": ("monday", "monday 24:00", "mon 8", "monday 08:30", "8", "", "lundi 8"),
}


def load(**settings: str) -> DiscordConfig:
    return load_config(settings, Path("no.env")).discord


@pytest.mark.parametrize("name", GOOD)
def test_what_a_setting_accepts(name: str) -> None:
    """The bad ones are refused by name, with what is accepted."""
    for value in GOOD[name]:
        load(**{name: value})
    for value in BAD[name]:
        with pytest.raises(ConfigError, match=rf"^{name}=.* it takes "):
            load(**{name: value})


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({}, {}),
        ({"DISCORD_MANAGERS_CHANNEL": "5"}, {5: False}),
        ({"DISCORD_MANAGERS_CHANNEL": "5", "DISCORD_DIGEST_CHANNELS": "none"}, {}),
        ({"DISCORD_MANAGERS_CHANNEL": "5", "DISCORD_DIGEST_CHANNELS": "6,managers,5,6"}, {6: False, 5: False}),
        ({"DISCORD_DIGEST_CHANNELS": "managers,6"}, {6: False}),
        ({"DISCORD_DIGEST_CHANNELS": "6,5", "DISCORD_DIGEST_WHOLE": "5"}, {6: False, 5: True}),
        ({"DISCORD_DIGEST_WHOLE": "5"}, {5: True}),
    ],
)
def test_where_it_goes(settings: dict[str, str], places: dict[int, bool]) -> None:
    """To the managers' channel where there is one; everything is told in the one channel that is named for it."""
    assert load(**settings).digest_places == places


@pytest.mark.parametrize(("at", "hours"), [("monday 08:00", 8), ("tuesday 9", 33), ("sunday 23", 167), ("monday 0", 0)])
def test_when_it_is_due(at: str, hours: int) -> None:
    """Hours after the end of the week."""
    assert load(DISCORD_DIGEST_AT=at).digest_hours == hours
