"""Why a database could not be reached, in the words of the server or of its client, without what was said already.

The client names the way before each reason and asks a question after it, and where it tried several addresses it lists
them (`psycopg.Connection.connect`, and libpq's `fe-connect.c`).
"""

from __future__ import annotations

import re

from adapters.eventlog.postgres.addresses import address

_WAY = re.compile(
    r"connection (?:failed|is bad): connection to server (?:at|on socket) \"[^\"]*\""
    r"(?: \([^)]*\))?(?:, port \d+)? failed: "
)
_QUESTION = re.compile(r"\s+Is the server running [^?]*\?")
_SEVERAL = "Multiple connection attempts failed. All failures were:\n"
_EACH = re.compile(r"^- host: '(?P<host>.*?)', port: '(?P<port>.*?)'(?:, hostaddr: '.*?')?: ", re.MULTILINE)


def reason_of(error: BaseException) -> str:
    """Why, without the way where there is one; else for each way, divided by semicolons."""
    text = _QUESTION.sub("", _WAY.sub("", str(error)))
    _, several, each = text.partition(_SEVERAL)
    if several:
        text = "; ".join(_EACH.sub(lambda at: f"{address(at['host'], at['port'])}: ", each).splitlines())
    return " ".join(text.split()) or type(error).__name__
