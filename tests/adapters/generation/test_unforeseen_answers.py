"""A paid picture is found in an answer of a form that nobody foresaw, and nothing else is taken for one."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from adapters.generation.answers import contents_of
from adapters.generation.unforeseen import DEEPEST, MOST_LOOKED_AT
from tests.adapters.generation.making import png

PICTURE, OTHER, DRAFT = png((64, 64)), png((72, 64)), png((8, 8))
TEXT, OTHER_TEXT, DRAFT_TEXT = (b64encode(one).decode() for one in (PICTURE, OTHER, DRAFT))
ADDRESS = f"data:image/png;base64,{TEXT}"


def events(*values: Any, end: str = "\n\n", name: str = "") -> bytes:
    """Values as a stream of events."""
    head = f"event: {name}\n" if name else ""
    return "".join(f"{head}data: {json.dumps(value)}{end}" for value in values).encode() + b"data: [DONE]\n\n"


def lines(*values: Any) -> bytes:
    """Values as lines of JSON."""
    return "\n".join(json.dumps(value) for value in values).encode() + b"\n"


def multipart(*parts: bytes) -> bytes:
    """Parts with a boundary between."""
    head = b"--b7\r\nContent-Type: application/octet-stream\r\n\r\n"
    return b"".join(head + part + b"\r\n" for part in parts) + b"--b7--\r\n"


PARTIAL = {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": DRAFT_TEXT}
COMPLETED = {"type": "image_generation.completed", "b64_json": TEXT}
CHAT = {"choices": [{"message": {"content": "here", "images": [{"image_url": {"url": ADDRESS}}]}}]}
GEMINI = {"candidates": [{"content": {"parts": [{"text": "a fox"}, {"inlineData": {"data": TEXT}}]}}]}

ONE: dict[str, bytes] = {
    "events": events({"status": "queued"}, {"data": [{"b64_json": TEXT}]}),
    "events, partial ones first": events(PARTIAL, PARTIAL, COMPLETED),
    "events, a partial one last": events(COMPLETED, PARTIAL),
    "events, named": b"event: progress\n" + events(PARTIAL) + events({"b64_json": TEXT}, name="completed"),
    "events without a line between": events({"step": 1}, {"image": TEXT}, end="\n"),
    "events, CRLF and a comment": b": ping\r\n\r\n" + events(CHAT, end="\r\n\r\n"),
    "events, a byte order mark": b"\xef\xbb\xbf" + events(COMPLETED),
    "events, base64 alone": f"data: {TEXT}\n\n".encode(),
    "lines": lines({"completed": 1, "total": 2}, {"image": TEXT, "done": True}),
    "lines, one last without a picture": lines({"image": TEXT}, {"done": True}),
    "lines, the last picture counts": lines({"image": DRAFT_TEXT}, {"image": TEXT}),
    "lines, not done yet": lines({"image": TEXT, "done": True}, {"image": DRAFT_TEXT, "done": False}),
    "lines, a word among them": b"loading\n" + lines({"image": TEXT}),
    "values without a line between": lines({"step": 1}).strip() + lines({"image": TEXT}),
    "values, each behind a separator": b"\x1e" + lines({"step": 1}) + b"\x1e" + lines({"image": TEXT}),
    "OpenRouter": lines(CHAT),
    "Gemini": lines(GEMINI),
    "Gemini, with underlines": lines({"parts": [{"inline_data": {"mime_type": "image/png", "data": TEXT}}]}),
    "Imagen": lines({"predictions": [{"bytesBase64Encoded": TEXT, "mimeType": "image/png"}]}),
    "OpenAI, responses": lines({"output": [{"type": "reasoning"}, {"type": "image_generation_call", "result": TEXT}]}),
    "content of an entry": lines({"data": [{"content": TEXT}]}),
    "output of an entry": lines({"results": [{"id": 7, "output": {"raw": [TEXT]}}]}),
    "names nobody knows": lines({"payload": {"blob": TEXT}, "took": 7}),
    "in Markdown": lines({"choices": [{"message": {"content": f"Here: ![a fox]({ADDRESS}) as asked."}}]}),
    "JSON within JSON": lines({"statusCode": 200, "body": json.dumps({"picture": TEXT})}),
    "a preview first": lines({"blob": {"thumbnail": DRAFT_TEXT, "full": TEXT}}),
    "a preview last": lines({"blob": {"full": TEXT, "preview": DRAFT_TEXT}}),
    "a preview alone": lines({"preview": TEXT}),
    "an entry that is a preview": lines({"images": [{"type": "preview", "image": DRAFT_TEXT}, {"image": TEXT}]}),
    "beside its input": lines({"input": {"picture": OTHER_TEXT}, "made": TEXT}),
    "twice the same": lines({"made": TEXT, "copy": TEXT}),
    "a part as bytes": multipart(b'{"seed": 7}', PICTURE),
    "a part in base64": multipart(TEXT.encode()),
    "a part in JSON": multipart(lines(GEMINI)),
}
NONE: dict[str, bytes] = {
    "its input alone": lines({"images": [], "parameters": {"init_images": [TEXT]}}),
    "a failure": lines({"error": {"message": "no"}, "shown": TEXT}),
    "too deep": lines(json.loads('{"a":' * DEEPEST + json.dumps(TEXT) + "}" * DEEPEST)),
    "behind too many": lines({"many": [0] * MOST_LOOKED_AT, "made": TEXT}),
    "a text that is none": lines({"made": "A" * 4_000}),
    "a boundary and nothing else": b"--b7\r\n--b7--\r\n",
    "events without any": events({"status": "queued"}),
    "a hundred thousand brackets": b"[" * 100_000,
}


@pytest.mark.parametrize("form", ONE)
def test_the_one_picture_of_an_answer_is_found(form: str) -> None:
    """Not its preview, not its input, and not twice."""
    contents = contents_of(ONE[form], {"content-type": "text/plain"})
    assert [sent.data for sent in contents.sent or ()] == [PICTURE]


@pytest.mark.parametrize("form", NONE)
def test_nothing_else_is_taken_for_a_picture(form: str) -> None:
    """Within bounds, and whatever is sent."""
    contents = contents_of(NONE[form], {})
    assert [sent.data for sent in contents.sent or () if sent.data] == []


@pytest.mark.parametrize(
    "body",
    [
        events(COMPLETED, {**COMPLETED, "b64_json": OTHER_TEXT}),
        lines({"index": 0, "image": DRAFT_TEXT}, {"index": 0, "image": TEXT}, {"index": 1, "image": OTHER_TEXT}),
        lines({"predictions": [{"bytesBase64Encoded": TEXT}, {"bytesBase64Encoded": OTHER_TEXT}]}),
        multipart(PICTURE, OTHER),
    ],
)
def test_several_pictures_stay_in_their_order(body: bytes) -> None:
    """The document's; a later one of the same place replaces the former."""
    assert [sent.data for sent in contents_of(body, {}).sent or ()] == [PICTURE, OTHER]


def test_a_failure_told_in_a_stream_is_the_body() -> None:
    """So that what the service says of itself is told."""
    contents = contents_of(events({"error": {"message": "the width is odd"}}), {})
    assert contents.body == {"error": {"message": "the width is odd"}}
