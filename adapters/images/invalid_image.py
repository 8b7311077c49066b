"""Why a picture is refused: the kinds, and the fault with a sentence for people.

It stands apart from the check, so that the container modules can raise it. Left to others: finding out (check,
containers), and the HTTP status of each kind (http.problems).
"""

from __future__ import annotations

from enum import StrEnum

from adapters.ports.faults import Fault


class ImageProblem(StrEnum):
    """The kinds of refusal, in the order in which they are looked for."""

    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_MANY_SCANS = "too_many_scans"
    TRAILING_BYTES = "trailing_bytes"
    FOREIGN_PART = "foreign_part"
    WRONG_EXTENSION = "wrong_extension"
    TIMEOUT = "timeout"


class InvalidImage(Fault):
    """These bytes are not kept. `kind` says which rule, the message what to do."""

    exit_code = 65

    def __init__(self, kind: ImageProblem, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def damaged(media: str, what: str) -> InvalidImage:
    """The fault for bytes that begin as a format and do not go on as it."""
    return InvalidImage(ImageProblem.DAMAGED, f"The {media} is damaged: {what}. Export or download it once more.")


def followed_by(media: str, extra_bytes: int) -> InvalidImage:
    """The fault for bytes after the end of the picture."""
    return InvalidImage(
        ImageProblem.TRAILING_BYTES,
        f"The {media} goes on after the end of its picture (bytes too many: {extra_bytes:,}). Export it once more.",
    )


def foreign(media: str, name: str, what: str) -> InvalidImage:
    """The fault for a part of the file that holds what no picture needs."""
    return InvalidImage(
        ImageProblem.FOREIGN_PART,
        f"The {media} holds {what} in {name}, and that is no part of a picture. Export it without, as a new picture.",
    )
