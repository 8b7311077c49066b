"""The signature of Standard Webhooks, version 1: https://www.standardwebhooks.com, "Signature scheme"."""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import sha256


def signature(key: bytes, message_id: str, at_seconds: int, body: bytes) -> str:
    """`v1,` and, in base64, HMAC-SHA256 over id, seconds since 1970 and the very bytes of the body, with full stops
    between. An id has no full stop in it.
    """
    signed = b"%b.%d.%b" % (message_id.encode("ascii"), at_seconds, body)
    return f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode('ascii')}"
