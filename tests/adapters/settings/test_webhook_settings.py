"""To whom webhooks go, signed with what, and which events: what the settings accept, and that nobody sees them."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from adapters.bootstrap.webhooks import receiver_of
from adapters.observability.redaction import REDACTED, Redactor
from adapters.ports.clock import utc_now
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config, load_config


def of_bytes(number: int) -> str:
    """A secret of so many bytes."""
    return "whsec_" + b64encode(b"k" * number).decode()


GOOD = {
    "WEBHOOK_URL": (
        "",
        "https://hooks.example/T0/B1?key=x",
        " https://10.0.0.7:8443/abby ",
        "http://127.0.0.1:9000/hook",
        "http://localhost/",
        "http://[::1]:9/",
    ),
    "WEBHOOK_SECRET": ("", of_bytes(24), of_bytes(64), of_bytes(32).rstrip("=")),
    "WEBHOOK_EVENTS": ("ThresholdCrossed", "PolicyChanged", " ImageSaved , ImageDeleted,ImageSaved "),
}
BAD = {
    "WEBHOOK_URL": (
        ("hooks.example", "it takes"),
        ("ftp://hooks.example/", "it takes"),
        ("https:///path", "it takes"),
        ("https://hooks.example/#part", "it takes"),
        ("https://ann:pw@hooks.example/", "leave the user name"),
        ("https://hooks.example:99999/", "its port"),
        ("https://hooks.example/a b", "holds a space"),
        ("http://hooks.example/", "begin it with https"),
        ("http://10.0.0.7/", "begin it with https"),
        ("http://127.0.0.1.hooks.example/", "begin it with https"),
        ("http://localhost@hooks.example/", "leave the user name"),
        ("https://[::1/", "it takes"),
    ),
    "WEBHOOK_SECRET": (
        (of_bytes(23), "23 bytes"),
        (of_bytes(65), "65 bytes"),
        (of_bytes(32).removeprefix("whsec_"), "does not begin"),
        ("whsec_", "0 bytes"),
        ("whsec_!!!!", "no base64"),
        ("whsk_" + of_bytes(32)[6:], "does not begin"),
        ("changeme", "stands for a key"),
    ),
    "WEBHOOK_EVENTS": (
        ("", "names none"),
        ("imagesaved", "did you mean ImageSaved"),
        ("ImageSaved;PolicyChanged", "no event type"),
        ("*", "no event type"),
    ),
}


def load(**settings: str) -> Config:
    return load_config(settings, Path("no.env"))


@pytest.mark.parametrize("name", GOOD)
def test_what_a_setting_accepts(name: str) -> None:
    """The bad ones are refused by name, with a reason, and without the value where it may be secret."""
    for value in GOOD[name]:
        load(**{name: value})
    for value, reason in BAD[name]:
        with pytest.raises(ConfigError, match=rf"^{name}.*it takes") as caught:
            load(**{name: value})
        assert reason in str(caught.value), value
        assert name == "WEBHOOK_EVENTS" or value == "whsec_" or value not in str(caught.value)


def test_each_event_is_named_once_and_limits_alone_where_nothing_is_said() -> None:
    """In the order in which they are written."""
    assert load(WEBHOOK_EVENTS=" ImageSaved , ImageDeleted,ImageSaved ").webhooks.events == (
        "ImageSaved",
        "ImageDeleted",
    )
    assert load().webhooks.events == ("ThresholdCrossed",)


@pytest.mark.parametrize("name", ["WEBHOOK_URL", "WEBHOOK_SECRET"])
def test_one_without_the_other_is_refused(name: str) -> None:
    """Unsigned, nobody could believe it; and without an address it is told to nobody."""
    assert receiver_of(load(), utc_now) is None
    with pytest.raises(ConfigError, match="is not set"):
        receiver_of(
            load(**{name: {"WEBHOOK_URL": "https://hooks.example/", "WEBHOOK_SECRET": of_bytes(32)}[name]}), utc_now
        )


def test_address_and_secret_are_shown_nowhere() -> None:
    """Not in what is printed at the start, not in what is logged, not where the secret is another's."""
    address = "https://hooks.example/T0/B1-secret-part"
    config = load(WEBHOOK_URL=address, WEBHOOK_SECRET=of_bytes(32))
    said = "\n".join([*config.describe(), repr(config)])
    assert of_bytes(32) not in said
    assert "B1-secret-part" not in said
    assert "WEBHOOK_URL is set (argument)" in said
    assert Redactor(config.secrets()).text(f"posting to {address} failed") == f"posting to {REDACTED} failed"
    assert Redactor().text(f"it is {of_bytes(40)}, is it?") == f"it is {REDACTED}, is it?"
