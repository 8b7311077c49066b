"""What a container says of its picture, and the bounds it must keep."""

from __future__ import annotations

from typing import NamedTuple

from adapters.images.formats import MEDIA_TYPES
from adapters.images.invalid_image import ImageProblem, InvalidImage

# A whole animation may cost as much as four of the largest still pictures: about 3 seconds to decode.
ANIMATION_FACTOR = 4


class Outline(NamedTuple):
    """A picture as its container describes it. `picture` is a file of the same format that holds the picture alone."""

    format: str
    width: int
    height: int
    frames: int
    picture: bytes

    @property
    def media_type(self) -> str:
        """The media type of its format."""
        return MEDIA_TYPES[self.format]


class PictureBounds(NamedTuple):
    """The largest picture that is decoded: pixels of one frame, and frames."""

    max_pixels: int
    max_frames: int

    def admit_size(self, width: int, height: int, frames: int = 1) -> None:
        """Refuse a canvas over the pixel bound, or an animation whose frames add up to too many pixels."""
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


def refuse_animation(media: str) -> InvalidImage:
    """The fault for an animation in a format of which single pictures alone are kept."""
    return InvalidImage(
        ImageProblem.TOO_MANY_FRAMES,
        f"The {media} is animated, and of this format only single pictures are kept. "
        "Save it as a GIF, or as one picture.",
    )
