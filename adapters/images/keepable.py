"""A picture that a service made, as it can be kept: in one of the formats that are, nothing foreign in its file.

It was paid for, so its form is mended where it can be; bytes that people save are never changed (`check`).
"""

from __future__ import annotations

from adapters.images.check import ImageProblem, broken_form
from adapters.images.foreign.judging import picture_alone, without_foreign
from adapters.images.formats import ANSWERS, MEDIA_TYPES, begun_format
from adapters.images.shaping import DamagedPicture, ShapedPicture, decoded, encoded, refuse_damaged, size_of

_MENDED_BY_COPYING = frozenset(
    {ImageProblem.DAMAGED, ImageProblem.TRAILING_BYTES, ImageProblem.FOREIGN_PART, ImageProblem.TOO_MANY_FRAMES}
)
"""What is wrong with a file and not with its picture, once that can be decoded."""


def keepable(data: bytes, at_most_bytes: int) -> ShapedPicture:
    """The same bytes without what is no part of a picture, where their format is kept and the rest is whole; else the
    first frame as PNG, or as JPEG where that has more bytes. Raises DamagedPicture.
    """
    found = begun_format(data)
    if found is not None and found in MEDIA_TYPES:
        whole = without_foreign(data).data
        if broken_form(whole) in _MENDED_BY_COPYING:
            whole = picture_alone(whole)
        refuse_damaged(whole)
        if broken_form(whole) not in _MENDED_BY_COPYING:
            return ShapedPicture(whole, MEDIA_TYPES[found], *size_of(whole))
    elif found not in ANSWERS:
        raise DamagedPicture
    copy = encoded(decoded(data, ANSWERS), at_most_bytes)
    return copy._replace(data=without_foreign(copy.data).data)
