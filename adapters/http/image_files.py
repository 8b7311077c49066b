"""What is told of an image whose file cannot be given out, and the headers that every picture is sent with."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import structlog

from adapters.application.reading import DamagedFileError
from adapters.http.problems import FILE_GONE, NOT_FOUND, UNAVAILABLE, Problem

IMAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    # Nothing in an image may run or load, should a browser open it as a page of its own.
    {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
)
TELL_THE_OPERATOR = "Who runs the service finds more with `abby audit`."

_log = structlog.wrap_logger(logging.getLogger(__name__))


@contextmanager
def file_problems(user: str, name: str) -> Iterator[None]:
    """Raises the Problem for a file that is damaged, gone, or not readable."""
    try:
        yield
    except DamagedFileError as damaged:
        sentence = f"The image {name!r} was kept, and its file is damaged: it {damaged.strerror}."
        raise Problem(FILE_GONE, f"{sentence} {TELL_THE_OPERATOR}") from None
    except FileNotFoundError:
        raise Problem(FILE_GONE, f"The image {name!r} was kept, and its file is gone. {TELL_THE_OPERATOR}") from None
    except OSError as error:
        _log.error("image not readable", user=user, name=name, reason=str(error))
        raise Problem(UNAVAILABLE, f"The file of the image {name!r} cannot be read. {TELL_THE_OPERATOR}") from error


def no_image(name: str) -> Problem:
    """The Problem for a name that does not stand."""
    return Problem(NOT_FOUND, f"There is no image {name!r}. It may have been deleted already.")
