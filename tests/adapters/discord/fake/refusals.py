"""The refusals of the fake Discord: an error code, its status and its sentence; and the findings of a checked form.

The codes and their sentences are those of Discord's published list of JSON error codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

SENTENCES: dict[int, tuple[int, str]] = {
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50007: (403, "Cannot send messages to this user"),
    50006: (400, "Cannot send an empty message"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50109: (400, "The request body contains invalid JSON."),
}
UNAUTHORIZED = (401, "401: Unauthorized")
NOT_FOUND = (404, "404: Not Found")


class Refused(Exception):
    """An answer that is an error. `on_purpose` tells one that a test asked for from one that the bot earned."""

    def __init__(
        self,
        status: int,
        code: int,
        sentence: str,
        *,
        errors: Json | None = None,
        extra: Mapping[str, object] = {},
        headers: Mapping[str, str] = {},
        on_purpose: bool = False,
    ) -> None:
        self.status = status
        self.code = code
        self.sentence = sentence
        self.errors = errors
        self.extra = dict(extra)
        self.headers = dict(headers)
        self.on_purpose = on_purpose
        super().__init__(f"{status} (code {code}): {sentence} {errors or ''}".rstrip())

    @property
    def body(self) -> Json:
        """The JSON that the caller receives."""
        body: Json = {"message": self.sentence, "code": self.code, **self.extra}
        return body if self.errors is None else {**body, "errors": self.errors}


def refused(code: int) -> Refused:
    """The refusal of one known code."""
    status, sentence = SENTENCES[code]
    return Refused(status, code, sentence)


def unauthorized() -> Refused:
    """A missing or wrong bot token."""
    status, sentence = UNAUTHORIZED
    return Refused(status, 0, sentence)


def unknown_route() -> Refused:
    """An address that the fake does not have."""
    status, sentence = NOT_FOUND
    return Refused(status, 0, sentence)


class Form:
    """Gathers what is wrong with one body, each finding under its path such as `data.embeds.0.title`."""

    def __init__(self) -> None:
        self.findings: list[tuple[str, str, str]] = []

    def wrong(self, path: str, code: str, sentence: str) -> None:
        """Keeps one finding."""
        self.findings.append((path, code, sentence))

    def known(self, path: str, data: Json, allowed: Iterable[str]) -> None:
        """Only fields that exist may be sent."""
        for name in data.keys() - set(allowed):
            self.wrong(_joined(path, name), "UNKNOWN_FIELD", f"There is no field {name!r} here.")

    def text(self, path: str, value: object, most: int, *, least: int = 1) -> None:
        """A text within its bounds, counted in characters."""
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        elif len(value) > most or len(value) < least:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def count(self, path: str, items: list[Any], most: int, *, least: int = 0) -> None:
        """A list within its bounds."""
        if not least <= len(items) <= most:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def among(self, path: str, value: object, allowed: Iterable[object]) -> bool:
        """One of a list of values."""
        choices = tuple(allowed)
        if value in choices:
            return True
        self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")
        return False

    def settle(self) -> None:
        """Refuses the body with all findings at once, nested by their paths as Discord nests them."""
        if self.findings:
            errors: Json = {}
            for path, code, sentence in self.findings:
                place = errors
                for part in path.split("."):
                    place = place.setdefault(part, {})
                place.setdefault("_errors", []).append({"code": code, "message": sentence})
            raise Refused(400, 50035, "Invalid Form Body", errors=errors)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
