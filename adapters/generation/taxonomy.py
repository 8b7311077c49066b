"""One taxonomy for the errors of every provider: from an answer's name and status to a kind, and to words for people.

A provider's own names come first, then the status, as one status may mean several things: 429 is "wait" and, at some
services, "out of credit". What a service says about itself is shown to people only where the request was at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from adapters.ports.failures import FailureKind, GenerationFailure

SAID_CHARACTERS = 200
"""So much of what a service says of a request is passed on."""

OF_STATUS: Mapping[int, FailureKind] = MappingProxyType(
    {
        400: FailureKind.BAD_REQUEST,
        401: FailureKind.AUTH,
        402: FailureKind.NO_CREDIT,
        403: FailureKind.AUTH,
        404: FailureKind.BAD_REQUEST,
        405: FailureKind.BAD_REQUEST,
        408: FailureKind.UPSTREAM,
        409: FailureKind.BAD_REQUEST,
        413: FailureKind.BAD_REQUEST,
        415: FailureKind.BAD_REQUEST,
        422: FailureKind.BAD_REQUEST,
        429: FailureKind.RATE_LIMITED,
    }
)
"""What a status means where no name says more; every other status is the service's own failure."""


class SaidError(NamedTuple):
    """An error as a service tells it: its name ("" where it has none) and its sentence."""

    name: str = ""
    sentence: str = ""


def failure_of(
    status: int,
    said: SaidError,
    names: Mapping[str, FailureKind],
    *,
    key_setting: str,
    retry_after_seconds: float | None = None,
) -> GenerationFailure:
    """The fault of an answer that is not a success. `key_setting` names the setting that holds the service's key."""
    kind = names.get(said.name) or OF_STATUS.get(status, FailureKind.UPSTREAM)
    words = _WORDS[kind](_clean(said.sentence), key_setting, retry_after_seconds)
    message = words if kind in _WITHOUT_STATUS else f"Non-200 response: {status}. {words}"
    return GenerationFailure(kind, message, retry_after_seconds, status)


def _asked_to_wait(_: str, __: str, seconds: float | None) -> str:
    wait = "in a moment" if seconds is None else f"in {seconds:.0f} seconds"
    return f"The image service has too much to do; nothing was charged. Try again {wait}."


def _cannot_be_made(said: str, _: str, __: float | None) -> str:
    return f"The image service cannot make this{f': {said}' if said else ''}. Nothing was charged; change the request."


_FILTERED = "The image service filtered the picture it made, so there is nothing to show. Use other words."
_WITHOUT_STATUS = frozenset({FailureKind.MODERATED_PROMPT, FailureKind.MODERATED_OUTPUT})
_WORDS: Mapping[FailureKind, Callable[[str, str, float | None], str]] = MappingProxyType(
    {
        FailureKind.AUTH: lambda _, key_setting, __: (
            f"The image service does not accept its key; nothing was charged. Whoever runs this checks {key_setting}."
        ),
        FailureKind.NO_CREDIT: lambda *_: (
            "The image service's account is out of credit; nothing was charged. Whoever runs this tops it up."
        ),
        FailureKind.MODERATED_PROMPT: lambda *_: (
            "The image service refused the request by its content rules; nothing was charged. Use other words."
        ),
        FailureKind.MODERATED_OUTPUT: lambda *_: _FILTERED,
        FailureKind.BAD_REQUEST: _cannot_be_made,
        FailureKind.RATE_LIMITED: _asked_to_wait,
        FailureKind.UPSTREAM: lambda *_: "The image service failed; nothing was charged. Try again in a moment.",
        FailureKind.UNAVAILABLE: lambda *_: "The image service cannot be used at the moment. Try again later.",
    }
)


FILTERED = GenerationFailure(FailureKind.MODERATED_OUTPUT, _FILTERED)
"""The fault where every picture that was made is withheld."""


def _clean(sentence: str) -> str:
    """A service's sentence on one line, short, with nothing that a terminal or a page would act on."""
    text = " ".join("".join(character if character.isprintable() else " " for character in sentence).split())
    return (text if len(text) <= SAID_CHARACTERS else f"{text[: SAID_CHARACTERS - 3]}...").rstrip(". ")
