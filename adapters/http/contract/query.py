"""The parameters of the routes: each with its bounds, which its reader and the OpenAPI document take from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from aiohttp import web

from adapters.http.problems import BAD_REQUEST, Problem

Schema = Mapping[str, object]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")


class Parameter(Protocol):
    """What a route takes in its query."""

    @property
    def name(self) -> str:
        """As it is written in the query."""

    @property
    def says(self) -> str:
        """What it means, as a sentence for the document."""

    @property
    def schema(self) -> Schema:
        """The JSON Schema of its value."""


class WholeNumber(NamedTuple):
    """A whole number within bounds. Where it is not given, it is the default; 0 may stand for none."""

    name: str
    says: str
    lowest: int
    highest: int
    default: int

    @property
    def schema(self) -> Schema:
        """Its bounds, and its default where that is a value too."""
        known = {"default": self.default} if self.lowest <= self.default else {}
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest} | known

    def of(self, request: web.Request) -> int:
        """Its value in a request; 400 beyond the bounds."""
        text = request.query.get(self.name)
        if text is None:
            return self.default
        if not _NUMBER.fullmatch(text) or not self.lowest <= int(text) <= self.highest:
            bounds = f"from {self.lowest} to {self.highest}"
            raise wrong_parameter(self.name, f"must be a whole number {bounds}")
        return int(text)


class JudgedNumber(NamedTuple):
    """A whole number that the image service judges: the bounds are those of most, and are described alone."""

    name: str
    says: str
    lowest: int
    highest: int

    @property
    def schema(self) -> Schema:
        """The bounds of most."""
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest}

    def of(self, request: web.Request) -> int | None:
        """Its value in a request, None where it is not given; 400 where it is no whole number."""
        text = request.query.get(self.name)
        if text is not None and not _NUMBER.fullmatch(text):
            raise wrong_parameter(self.name, "must be a whole number")
        return None if text is None else int(text)


class Words(NamedTuple):
    """A text of a known form."""

    name: str
    says: str
    pattern: str
    form: str
    """The pattern in words, behind "must be"."""

    @property
    def schema(self) -> Schema:
        """Its pattern."""
        return {"type": "string", "pattern": self.pattern}

    def of(self, request: web.Request) -> str | None:
        """Its value in a request, None where it is not given; 400 where it is of another form."""
        text = request.query.get(self.name)
        if text is not None and not re.fullmatch(self.pattern, text):  # `$` alone lets a line end follow
            raise wrong_parameter(self.name, f"must be {self.form}")
        return text


MAX_PAGE_SIZE = 100
OFFSET = WholeNumber("offset", "How many are left out at the beginning.", lowest=0, highest=10_000_000, default=0)
LIMIT = WholeNumber("limit", "How many there are at most.", lowest=1, highest=MAX_PAGE_SIZE, default=50)
PAGE = (OFFSET, LIMIT)


def refuse_unknown(request: web.Request, known: tuple[Parameter, ...]) -> None:
    """400 where the query has a parameter that is not known, or one of them twice."""
    if not request.query_string:
        return
    names = [parameter.name for parameter in known]
    for name in request.query:
        if name not in names:
            listed = ", ".join(names) if names else "none"
            raise wrong_parameter(name[:40], f"is not known here. Known are: {listed}")
        if len(request.query.getall(name)) > 1:
            raise wrong_parameter(name, "is there twice")


def wrong_parameter(name: str, what: str) -> Problem:
    """400 for a parameter of the query, which is the field that it names."""
    return Problem(BAD_REQUEST, f"The query parameter {name!r} {what}.", members={"field": name})
