"""What a container says of its picture, and the bounds it must keep."""

from __future__ import annotations

from typing import NamedTuple

from adapters.images.formats import MEDIA_TYPES
from adapters.images.invalid_image import ImageProblem, InvalidImage

# A whole animation may cost as much as four of the largest still pictures: about 2 seconds to decode.
ANIMATION_FACTOR = 4
# What JPEG and GIF can tell at most, so that no picture of theirs is refused for it. Longer rows are no picture that
# anything shows, and make decoders, thumbnails and browsers hold several whole rows of them.
MAX_SIDE = 65_535
# What decoding one picture may take; a WEBP takes most, 16 bytes a pixel. `images/memory.py` gives it out.
MAX_DECODED_BYTES = 400_000_000


class Outline(NamedTuple):
    """A picture as its container describes it. `picture` is a file of the same format that holds the picture alone,
    `bytes_a_pixel` what its decoder holds of it at most (measured).
    """

    format: str
    width: int
    height: int
    frames: int
    picture: bytes
    bytes_a_pixel: int = 4

    @property
    def decoded_bytes(self) -> int:
        """What decoding it takes."""
        return self.width * self.height * self.bytes_a_pixel

    @property
    def media_type(self) -> str:
        """The media type of its format."""
        return MEDIA_TYPES[self.format]


class PictureBounds(NamedTuple):
    """The largest picture that is decoded: pixels of one frame, and frames."""

    max_pixels: int
    max_frames: int

    def admit_size(self, width: int, height: int, frames: int = 1) -> None:
        """Refuse a side or a canvas over its bound, or an animation whose frames add up to too many pixels."""
        if max(width, height) > MAX_SIDE:
            raise InvalidImage(
                ImageProblem.TOO_MANY_PIXELS,
                f"The picture has {width} x {height} pixels. At most {MAX_SIDE:,} pixels a side are allowed; "
                "scale it down or cut it.",
            )
        if width * height > self.max_pixels:
            raise InvalidImage(
                ImageProblem.TOO_MANY_PIXELS,
                f"The picture has {width} x {height} pixels. At most {self.max_pixels:,} pixels are allowed; "
                "scale it down.",
            )
        if width * height * frames > self.max_pixels * ANIMATION_FACTOR:
            raise InvalidImage(
                ImageProblem.TOO_MANY_PIXELS,
                f"The animation has {frames} frames of {width} x {height} pixels. At most "
                f"{self.max_pixels * ANIMATION_FACTOR:,} pixels in all frames together are allowed; "
                "scale it down or cut it.",
            )

    def admit_frames(self, frames: int) -> None:
        """Refuse an animation with more frames than allowed."""
        if frames > self.max_frames:
            raise InvalidImage(
                ImageProblem.TOO_MANY_FRAMES,
                f"The animation has too many frames. At most {self.max_frames} are allowed; cut it.",
            )


def admit_decoding(outline: Outline) -> None:
    """Refuse a picture of a format that takes more memory than others, and so may have fewer pixels."""
    if outline.decoded_bytes <= MAX_DECODED_BYTES:
        return
    what = f"animated {outline.format}" if outline.frames > 1 else outline.format
    raise InvalidImage(
        ImageProblem.TOO_MANY_PIXELS,
        f"The {what} has {outline.width} x {outline.height} pixels. Of this kind at most "
        f"{MAX_DECODED_BYTES // outline.bytes_a_pixel:,} pixels are allowed, as showing it takes more memory than "
        "others do; scale it down, or save it as an ordinary PNG or JPEG.",
    )


def refuse_animation(media: str) -> InvalidImage:
    """The fault for an animation in a format of which single pictures alone are kept."""
    return InvalidImage(
        ImageProblem.TOO_MANY_FRAMES,
        f"The {media} is animated, and of this format only single pictures are kept. "
        "Save it as a GIF, or as one picture.",
    )
