"""What a message says, what it is called, and that it is signed as the convention has it, judged by its own library and
by OpenSSL.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.application.recorded import EventLine
from adapters.settings.webhooks import LIMIT_NEARLY_USED, signing_key
from adapters.webhooks.messages import MOST_BODY_BYTES, id_of, message_of, type_of
from adapters.webhooks.signing import signature
from domain.events import TYPES
from tests.adapters.webhooks.inbox import OTHER_SECRET, SECRET

AT = "2026-11-29T17:45:00.000001Z"
BODIES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
IDS = st.from_regex(r"msg_[0-9a-f]{32}", fullmatch=True)


def line(position: int = 5, event_type: str = "ImageSaved", **data: Any) -> EventLine:
    return {"pos": position, "type": event_type, "tags": ["user:1"], "data": {"at": AT, "user": "1", **data}}


@given(message_id=IDS, at_seconds=st.integers(0, 2**32), body=BODIES)
def test_the_library_of_the_convention_signs_alike(message_id: str, at_seconds: int, body: str) -> None:
    """Whatever is signed, when, and under which id."""
    at = datetime.fromtimestamp(at_seconds, tz=UTC)
    assert signature(signing_key(SECRET), message_id, at_seconds, body.encode()) == Webhook(SECRET).sign(
        message_id, at, body
    )


def test_openssl_signs_alike() -> None:
    """A second implementation, that knows nothing of webhooks: HMAC-SHA256 over id, time and body with full stops."""
    program = shutil.which("openssl")
    if program is None:
        assert os.environ.get("CI") != "true", "CI has openssl"
        pytest.skip("openssl is not installed")
    key = signing_key(SECRET)
    asked = [program, "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary"]
    made = subprocess.run(asked, input=b'msg_1.1674087231.{"a":1}', capture_output=True, check=True).stdout
    assert signature(key, "msg_1", 1_674_087_231, b'{"a":1}') == f"v1,{b64encode(made).decode()}"


@pytest.mark.parametrize("changed", ["body", "id", "time", "secret"])
def test_a_receiver_refuses_what_was_changed_on_the_way(changed: str) -> None:
    """Every part of what is signed."""
    now = int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "msg_2" if changed == "id" else "msg_1",
        "webhook-timestamp": str(now + (changed == "time")),
        "webhook-signature": signature(signing_key(SECRET), "msg_1", now, b"{}"),
    }
    verifier = Webhook(OTHER_SECRET if changed == "secret" else SECRET)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(b"[]" if changed == "body" else b"{}", headers)


def test_a_message_tells_what_was_recorded() -> None:
    """Type, time and members of the event; no caller's key, and no time twice."""
    message = message_of(line(bytes=7, request={"key": "mine", "digest": "ab"}))
    assert orjson.loads(message.body) == {
        "type": "image.saved",
        "timestamp": AT,
        "position": 5,
        "data": {"user": "1", "bytes": 7},
    }
    assert re.fullmatch(r"msg_[0-9a-f]{32}", message.id), "and no full stop, which would make the signature ambiguous"


def test_every_event_has_a_type_of_its_own_as_the_convention_writes_it() -> None:
    """Words with a full stop before the deed, also of types to come."""
    told = [type_of(name) for name in {*TYPES, LIMIT_NEARLY_USED}]
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*\.[a-z0-9]+", name) for name in told), told
    assert len(set(told)) == len(told)
    assert type_of("DailyCountReset") == "daily_count.reset"
    assert type_of(LIMIT_NEARLY_USED) == "threshold.crossed"


@pytest.mark.parametrize("other", [line(6), line(event_type="ImageDeleted"), line(bytes=8), line(at=AT[:-2] + "2Z")])
def test_an_id_is_that_of_one_event(other: EventLine) -> None:
    """The same at each time, another for whatever differs: position, type, members, time."""
    assert id_of(line()) == id_of(line())
    assert id_of(line()) != id_of(other)


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_long_is_told_by_its_position_alone(more: int) -> None:
    """At the bound it is told, one byte more is read over HTTP."""
    bare = len(message_of(line(name="")).body)
    message = message_of(line(name="x" * (MOST_BODY_BYTES - bare + more)))
    told = orjson.loads(message.body)
    assert len(message.body) <= MOST_BODY_BYTES
    assert told.get("shortened", False) is bool(more)
    assert (told["data"] == {}) is bool(more)
    assert told["position"] == 5


def test_a_key_is_the_bytes_of_its_secret() -> None:
    """With and without the padding of base64, as the library takes it."""
    for secret in (SECRET, SECRET.rstrip("=")):
        assert signing_key(secret) == b64decode(SECRET.removeprefix("whsec_"))
        assert Webhook(secret).sign("msg_1", datetime.fromtimestamp(5, tz=UTC), "{}") == signature(
            signing_key(secret), "msg_1", 5, b"{}"
        )
