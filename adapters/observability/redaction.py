"""What may stand in a log line: no secret, nothing that moves a terminal or turns text around, nothing without end.

It answers for single values and for the fields of one entry. Where entries go and how they look is decided in logs.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

LONGEST_TEXT_BYTES = 2_048
LONGEST_TRACEBACK_BYTES = 16_384
LONGEST_SECRET_CHARACTERS = 4_096
SHORTEST_SECRET_CHARACTERS = 6  # a shorter one would blot out ordinary words
MOST_ITEMS = 50
DEEPEST_NESTING = 4
LARGEST_NUMBER = 2**63  # a larger one is text: JSON writers and readers stop here
NUMBERS, COLLECTIONS = (bool, float), (list, tuple, set, frozenset)
REDACTED = "[redacted]"

REPEATED_FIELDS = frozenset({"event", "level", "logger", "method", "route"})
"""Their values are few, as the names of all fields are, so what was made of one is remembered."""
MOST_REMEMBERED, LONGEST_REPEATED_CHARACTERS = 1_024, 100
MULTILINE_FIELDS = frozenset({"exception", "stack"})
SECRET_FIELDS = re.compile(r"authorization|token|api_?key|secret|password|cookie", re.IGNORECASE)


class Shape(NamedTuple):
    """What only a secret looks like. A text with none of the `marks`, in lower case, holds none of it: most hold none,
    and are not searched.
    """

    pattern: str
    marks: tuple[str, ...]


# Whoever it belongs to. Quantifiers are bounded: strangers write these texts.
SECRET_SHAPES = (
    Shape(r"\bbearer\s{1,8}(?P<secret>[\w.~+/=-]{1,4096})", ("bearer",)),
    Shape(
        r"authorization[\"'\s:=]{1,8}(?:(?:bearer|basic|bot)\s{1,8})?(?P<secret>[^\s\"',;]{1,4096})", ("authorization",)
    ),
    Shape(r"\b(?P<secret>sk[-_][\w-]{3,4096})", ("sk-", "sk_")),
    Shape(r"\b(?P<secret>whsec_[\w+/=-]{3,4096})", ("whsec_",)),
    Shape(
        r"(?<![a-z])(?:api[_-]?key|token|secret|password|signature)[\"']?\s{0,8}[=:]\s{0,8}[\"']?(?P<secret>[^\s&\"',;}\]]{1,4096})",
        ("key", "token", "secret", "password", "signature"),
    ),
    Shape(r"(?<=://)(?P<secret>[^/\s@\"']{1,512})@", ("://",)),
    Shape(r"/(?:webhooks|interactions)/\d{5,25}/(?P<secret>[\w-]{20,512})", ("webhooks", "interactions")),
    Shape(r"(?<![\w-])(?P<secret>[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,45})(?![\w-])", (".",)),
)
# Control characters, those without width or that change the direction of text, and halves of a pair.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]|[\U000e0000-\U000e007f]"
)
BLOT = "\0"  # stands for one character of a secret; no cleaned text holds it otherwise
BLOTS = re.compile(f"{BLOT}+")


class Redactor:
    """Takes secrets out of log entries: those it is told, and whatever has the shape of one. A structlog processor."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {text for secret in secrets if len(secret) >= SHORTEST_SECRET_CHARACTERS for text in spellings(secret)}
        literal = "|".join(re.escape(text) for text in sorted(known, key=len, reverse=True))
        shapes = [Shape(f"(?P<secret>{literal})", tuple({text.lower() for text in known}))] if literal else []
        shapes += SECRET_SHAPES
        self._shapes = [re.compile(shape.pattern, re.IGNORECASE | re.ASCII) for shape in shapes]
        self._repeated = lru_cache(MOST_REMEMBERED)(self.text)
        self._marks = re.compile("|".join(re.escape(mark) for shape in shapes for mark in shape.marks))

    def __call__(self, _logger: object, _method: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The entry with every field cleaned, names included."""
        return {self._repeated(name): self.field(name, value, DEEPEST_NESTING) for name, value in entry.items()}

    def field(self, name: str, value: object, depth: int) -> object:
        """One value, by the name of its field and by its type; what is no plain value is told as text."""
        if isinstance(value, str) and name in REPEATED_FIELDS and len(value) <= LONGEST_REPEATED_CHARACTERS:
            return self._repeated(value)
        if value is None or isinstance(value, NUMBERS) or (isinstance(value, int) and abs(value) < LARGEST_NUMBER):
            return value
        if SECRET_FIELDS.search(name):
            return REDACTED
        if depth > 0 and not isinstance(value, str):
            if isinstance(value, Mapping):
                items = list(value.items())[:MOST_ITEMS]
                return {self.text(str(key)): self.field(str(key), item, depth - 1) for key, item in items}
            if isinstance(value, COLLECTIONS):
                return [self.field("", item, depth - 1) for item in list(value)[:MOST_ITEMS]]
        return self.text(str(value), multiline=name in MULTILINE_FIELDS)

    def text(self, text: str, *, multiline: bool = False) -> str:
        """A text without secrets, with what is unsafe written as an escape, cut at its limit and saying so."""
        if (
            len(text) <= LONGEST_TEXT_BYTES
            and text.isascii()
            and text.isprintable()
            and not self._marks.search(text.lower())
        ):
            return text
        limit = LONGEST_TRACEBACK_BYTES if multiline else LONGEST_TEXT_BYTES
        looked_at = text[: limit + LONGEST_SECRET_CHARACTERS]
        safe = "\n".join(map(escaped, looked_at.split("\n"))) if multiline else escaped(looked_at)
        for shape in self._shapes:
            safe = shape.sub(blotted, safe)  # as long as before: a secret across the limit is whole when it is found
        kept = safe.encode()[:limit].decode(errors="ignore")
        cut = len(kept) < len(safe) or len(looked_at) < len(text)
        return BLOTS.sub(REDACTED, kept) + (f"... (cut: {len(text)} characters)" if cut else "")


def spellings(secret: str) -> set[str]:
    """The ways in which a secret is written: as it is, and within a URL."""
    return {secret, quote(secret), quote(secret, safe="")}


def escaped(text: str) -> str:
    """The text with each unsafe character as the escape that Python would write."""
    return UNSAFE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def blotted(found: re.Match[str]) -> str:
    """What was found, with blots in the place of its secret."""
    start, end = (at - found.start() for at in found.span("secret"))
    whole = found.group()
    return whole[:start] + BLOT * (end - start) + whole[end:]
