"""`Repr-Digest` and `Want-Repr-Digest` (RFC 9530)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

from aiohttp import web

REPR_DIGEST, WANTED = "Repr-Digest", "Want-Repr-Digest"
_UNWANTED = re.compile(r"(?:^|,)[ \t]*sha-256[ \t]*=[ \t]*0[ \t]*(?:,|;|$)")


def repr_digest(request: web.Request, sha256: str) -> Mapping[str, str]:
    """The digest of a whole representation as a header; none where the client says that it wants no SHA-256."""
    if _UNWANTED.search(",".join(request.headers.getall(WANTED, []))):
        return {}
    return {REPR_DIGEST: f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"}
