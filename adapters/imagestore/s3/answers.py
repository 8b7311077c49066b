"""What the client of a bucket raises, as errors that say to people what happened and what to do. No text of the client
is passed on: it may have an address in it that opens an object.
"""

from __future__ import annotations

import errno
import re

from obstore import exceptions

from adapters.ports.object_place import ObjectNotFoundError, ObjectPlace, ObjectStoreError

LOOK = "Look whether it runs and can be reached from here, and at AWS_ENDPOINT_URL; it is tried again by itself."
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
_NO_ANSWER = re.compile(r"kind: Timeout\b|TimedOut\b|operation timed out")
_NO_WAY = re.compile(r"kind: Connect\b")
_SERVER_ERROR = 500


def told(error: BaseException, place: ObjectPlace) -> ObjectStoreError:
    """The error for one of the client's; what it is about is in the sentence."""
    text = str(error)
    at = f" at {place.endpoint}" if place.endpoint else ""
    code = found[1] if (found := _CODE.search(text)) else ""
    status = int(found[1]) if (found := _STATUS.search(text)) else 0
    if code == "NoSuchBucket":
        advice = "Make the bucket, or correct STORAGE_ROOT."
        return ObjectStoreError(f"There is no bucket {place.bucket!r} in the object store{at}.", advice)
    if isinstance(error, FileNotFoundError):
        return ObjectNotFoundError("There is no object under that key.", "It was deleted.", number=errno.ENOENT)
    if isinstance(error, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)) or status in {401, 403}:
        named = f" ({code})" if code else ""
        return ObjectStoreError(
            f"The object store{at} does not let us do that with {place}{named}.",
            "Check the AWS_* credentials, the rights that they have on the bucket, and this machine's clock.",
            number=errno.EACCES,
        )
    if status >= _SERVER_ERROR or code == "SlowDown":
        return ObjectStoreError(
            f"The object store{at} answers with an error of its own ({status}).", LOOK, is_certain=False
        )
    if _NO_WAY.search(text):
        return ObjectStoreError(f"The object store{at} cannot be reached.", LOOK, is_silent=True)
    if _NO_ANSWER.search(text):
        return ObjectStoreError(
            f"The object store{at} does not answer in time.", LOOK, is_certain=False, is_silent=True
        )
    if status:
        named = f" ({code})" if code else ""
        return ObjectStoreError(f"The object store{at} answers with {status}{named}.", "Look at its own log.")
    return ObjectStoreError(f"The object store{at} ended the connection without an answer.", LOOK, is_certain=False)


def is_without_conditions(error: BaseException) -> bool:
    """Whether a store says that it knows no conditions of puts."""
    text = str(error)
    is_told = "status code: 501" in text or "<Code>NotImplemented</Code>" in text
    return isinstance(error, exceptions.NotSupportedError) or is_told
