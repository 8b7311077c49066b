"""An image and its line tell the same, and nothing can slip between two members."""

from __future__ import annotations

import pytest

from domain.events import ImpossibleFact
from domain.usage import CurrentImage
from projections.image_lines import from_line, name_of, to_line
from tests.domain.examples import NOON

IMAGE = CurrentImage("up/a b.png", 2**50, NOON, 7, "image/png", 1024, 768, "text_to_image")


@pytest.mark.parametrize("image", [IMAGE, IMAGE._replace(bytes=0, width=0, height=0, operation="")])
def test_an_image_comes_back_from_its_line(image: CurrentImage) -> None:
    """Member by member, each of its own type."""
    found = from_line(to_line(image))
    assert found == image
    assert [type(member) for member in found] == [type(member) for member in image]
    assert name_of(to_line(image)) == image.name


@pytest.mark.parametrize("member", ["media_type", "operation"])
def test_a_member_that_would_break_the_line_is_an_impossible_fact(member: str) -> None:
    """No save writes a tab; a log that has one was not written by this program."""
    with pytest.raises(ImpossibleFact, match="has a tab"):
        to_line(CurrentImage(**{**IMAGE._asdict(), member: "image\tpng"}))


def test_a_line_of_another_form_is_none() -> None:
    """A member too many or too few, and a size that is no number."""
    for line in ("", "a.png", to_line(IMAGE) + "\tmore", to_line(IMAGE).replace("1024", "wide")):
        with pytest.raises(ValueError, match=r"unpack|invalid literal"):
            from_line(line)
