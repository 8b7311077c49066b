"""A picture is found wherever an answer holds it, beside whatever else is told there."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest

from adapters.generation.answers import contents_of
from tests.adapters.generation.making import png

PICTURE = png((64, 64))
TEXT = b64encode(PICTURE).decode()
PLACES: dict[str, Any] = {
    "an empty list before it": {"images": [], "data": [{"b64_json": TEXT}]},
    "an id of the request beside it": {"data": "job-7", "images": [TEXT]},
    "a word for its kind beside it": {"images": [{"image": "png", "url": f"data:image/png;base64,{TEXT}"}]},
    "a list for each prompt": {"images": [[TEXT]]},
    "a text among other members": {"image": TEXT, "data": {"seed": 7}},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_picture_is_found_beside_what_is_none(place: str) -> None:
    """What is paid is not thrown away over a member of the same name."""
    contents = contents_of(orjson.dumps(PLACES[place]), {})
    assert contents.sent is not None
    assert [sent.data for sent in contents.sent] == [PICTURE]
