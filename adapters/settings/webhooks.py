"""The settings of webhooks: to whom what is recorded is told, signed with what, and which events.

An address may hold a receiver's own secret in its path, so it is shown as little as the key that signs.
"""

from __future__ import annotations

import re
from base64 import b64decode
from difflib import get_close_matches
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from adapters.network.loopback import is_this_machine
from adapters.settings.kinds import Secret
from adapters.settings.section import Section
from domain.events import TYPES

SECRET_PREFIX = "whsec_"  # noqa: S105 - how such a secret begins, and none itself
FEWEST_KEY_BYTES, MOST_KEY_BYTES = 24, 64
LIMIT_NEARLY_USED = "ThresholdCrossed"


def signing_key(text: str) -> bytes:
    """The key in a secret as Standard Webhooks writes it: `whsec_` and base64. Raises ValueError with a reason."""
    if not text.startswith(SECRET_PREFIX):
        raise ValueError(f"it does not begin with {SECRET_PREFIX}")
    stored = text.removeprefix(SECRET_PREFIX)
    try:
        key = b64decode(stored + "=" * (-len(stored) % 4), validate=True)
    except ValueError:
        raise ValueError(f"what follows {SECRET_PREFIX} is no base64") from None
    if not FEWEST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise ValueError(f"it holds {len(key)} bytes, and {FEWEST_KEY_BYTES} to {MOST_KEY_BYTES} are secret enough")
    return key


def _signing_secret(value: SecretStr) -> SecretStr:
    signing_key(value.get_secret_value())
    return value


def _receiver(value: object) -> object:
    """An address to post to: https, or this machine. Who is named in a message is read by nobody on the way."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        return text
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise ValueError("")
    if not re.fullmatch(r"[\x21-\x7e]{1,2048}", text):
        raise ValueError("it holds a space or a character that no address has; copy it again")
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave the user name and password out of it")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is no number up to 65535") from None
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise ValueError("whoever is on the way could read who is named; begin it with https://")
    return text


def _event_types(value: object) -> object:
    """Names of event types with commas between them."""
    if not isinstance(value, str):
        return value
    known = {*TYPES, LIMIT_NEARLY_USED}
    names = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    for name in names:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            meant = f" (did you mean {nearest[0]}?)" if nearest else ""
            raise ValueError(f"there is no event type {name!r:.60}{meant}")
    if not names:
        raise ValueError("it names none; to tell nobody, leave WEBHOOK_URL out")
    return names


class WebhookConfig(Section):
    """One receiver. Address and secret belong together."""

    url: Annotated[SecretStr, BeforeValidator(_receiver)] | None = Field(
        None, validation_alias="WEBHOOK_URL",
        description="an address that begins with https://, or with http:// on this machine",
    )  # fmt: skip
    secret: Annotated[Secret, AfterValidator(_signing_secret)] | None = Field(
        None, validation_alias="WEBHOOK_SECRET", description=f"{SECRET_PREFIX} and {FEWEST_KEY_BYTES} to "
        f"{MOST_KEY_BYTES} random bytes in base64",
    )  # fmt: skip
    events: Annotated[tuple[str, ...], BeforeValidator(_event_types)] = Field(
        (LIMIT_NEARLY_USED,), validation_alias="WEBHOOK_EVENTS",
        description=f"event types of docs/log-format.md with commas between them, such as {LIMIT_NEARLY_USED}",
    )  # fmt: skip
