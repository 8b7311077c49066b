"""The forms in which services and proxies were seen to send what was asked of them, for `Emulator.form`.

Each takes an ordinary answer and gives the same one in another form. Nothing is lost in any of them, so a client that
loses a picture over one has thrown away what was paid for. Failures have forms too: `TOLD` tells the same one in each.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from PIL import Image

PNG_BEGINNING = b"\x89PNG\r\n\x1a\n"
LONGEST_LINE = 76


class Answer(NamedTuple):
    """Body and headers, whose names are written as here."""

    body: bytes
    headers: Mapping[str, str]


Form = Callable[[Answer], Answer]


def of_text(change: Callable[[str], str]) -> Form:
    """Another spelling of each base64; a picture that came as bytes comes in JSON then, as gateways have it."""
    return lambda answer: _in_json(answer, lambda value: _mapped(value, change))


def of_picture(change: Callable[[bytes], bytes]) -> Form:
    """Other bytes of each picture."""

    def form(answer: Answer) -> Answer:
        if answer.body.startswith(PNG_BEGINNING):
            return answer._replace(body=change(answer.body))
        return _in_json(answer, lambda value: _mapped(value, lambda text: _encoded(change(base64.b64decode(text)))))

    return form


def of_body(change: Callable[[bytes], bytes], **headers: str) -> Form:
    """Another body, and other headers: `Content_Type` is Content-Type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: Answer(change(answer.body), {**answer.headers, **named})


def of_json(change: Callable[[Any], Any]) -> Form:
    """Another value around the same pictures."""
    return lambda answer: _in_json(answer, change)


def _in_json(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    if answer.body.startswith(PNG_BEGINNING):
        value: Any = {"image": _encoded(answer.body)}
        value |= {name.replace("-", "_"): answer.headers[name] for name in ("finish-reason", "seed") if name in headers}
    else:
        value = json.loads(answer.body)
    return Answer(json.dumps(change(value)).encode(), {**headers, "Content-Type": "application/json"})


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, change) for inner in value]
    return change(value) if _is_picture(value) else value


def _is_picture(value: Any) -> bool:
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True).startswith(PNG_BEGINNING)
    except (binascii.Error, ValueError):
        return False


def holds_picture(body: bytes) -> bool:
    """Whether it is one, or JSON with one."""
    return body.startswith(PNG_BEGINNING) or _encoded(PNG_BEGINNING)[:-2].encode() in body


def _lines(text: str) -> str:
    return "\r\n".join(text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)) + "\r\n"


def _url_safe(text: str) -> str:
    return text.translate(str.maketrans("+/", "-_"))


def _as(kind: str, **options: Any) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).convert("RGB").save(buffer, kind, **options)
        return buffer.getvalue()

    return change


def _raw_deflate(data: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


def _first_picture(value: Any) -> str:
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    _mapped(value, note)
    return found[0]


def _as_bytes(answer: Answer) -> Answer:
    if answer.body.startswith(PNG_BEGINNING):
        return answer
    data = base64.b64decode(_first_picture(json.loads(answer.body)))
    return Answer(data, {"Content-Type": "image/png"})


def _with_note(value: Any) -> Any:
    """With a sentence that is not of ASCII."""
    return {**value, "note": "façade"} if isinstance(value, dict) else value


def _in_latin_1(answer: Answer) -> Answer:
    changed = of_json(_with_note)(answer)
    body = json.dumps(json.loads(changed.body), ensure_ascii=False).encode("latin-1")
    return Answer(body, {**changed.headers, "Content-Type": "application/json; charset=iso-8859-1"})


def _in_text(encoding: str) -> Form:
    return lambda answer: of_body(lambda body: body.decode().encode(encoding))(of_json(lambda value: value)(answer))


def _unlisted(value: Any) -> Any:
    """Its list of one as the one alone."""
    if not isinstance(value, dict):
        return value
    return {name: inner[0] if isinstance(inner, list) and len(inner) == 1 else inner for name, inner in value.items()}


def _listed(value: Any) -> Any:
    """A picture of its own in a list of one."""
    if not isinstance(value, dict):
        return value
    return {name: [inner] if _is_picture(inner) else inner for name, inner in value.items()}


def _with_spaces(body: bytes) -> bytes:
    return body if body.startswith(PNG_BEGINNING) else b"\r\n  " + body + b" \n\0"


def _same(body: bytes) -> bytes:
    return body


def _as_events(body: bytes) -> bytes:
    return b'event: progress\ndata: {"step": 1}\n\ndata: ' + body + b"\n\ndata: [DONE]\n\n"


FORMS: Mapping[str, Form] = {
    "base64: data before it": of_text(lambda text: f"data:image/png;base64,{text}"),
    "base64: DATA, a name and a space": of_text(lambda text: f"DATA:image/png;name=a.png;base64, {text}"),
    "base64: without padding": of_text(lambda text: text.rstrip("=")),
    "base64: with too much padding": of_text(lambda text: f"{text}===="),
    "base64: in lines": of_text(_lines),
    "base64: URL-safe": of_text(_url_safe),
    "base64: URL-safe, in lines, without padding": of_text(lambda text: _lines(_url_safe(text.rstrip("=")))),
    "base64: as an address has it": of_text(lambda text: f"data:image/png;base64,{quote(text, safe='')}"),
    "base64: as Python prints it": of_text(lambda text: f"b'{text}'"),
    "JSON: a byte order mark": _in_text("utf-8-sig"),
    "JSON: UTF-16": _in_text("utf-16"),
    "JSON: UTF-32": _in_text("utf-32"),
    "JSON: Latin-1": _in_latin_1,
    "JSON: spaces around": of_body(_with_spaces),
    "JSON: something behind it": of_body(lambda body: body + b"\n<!-- served by a proxy -->"),
    "JSON: a number that is none": of_json(lambda value: {**value, "took": float("nan")}),
    "shape: one alone for its list": of_json(_unlisted),
    "shape: a list for one": of_json(_listed),
    "shape: the list alone": of_json(
        lambda value: next((inner for inner in value.values() if isinstance(inner, list)), value)
    ),
    "shape: the picture as bytes": _as_bytes,
    "shape: base64 as text": lambda answer: Answer(
        _encoded(_as_bytes(answer).body).encode(), {"Content-Type": "text/plain"}
    ),
    "shape: base64 as a JSON string": lambda answer: Answer(
        json.dumps(_encoded(_as_bytes(answer).body)).encode(), {"Content-Type": "application/json"}
    ),
    "shape: a stream of events": lambda answer: of_body(_as_events, Content_Type="text/event-stream")(
        of_json(lambda value: value)(answer)
    ),
    "shape: names that nobody knows": of_json(lambda value: {"payload": {"blob": _first_picture(value)}}),
    "type: text/plain": of_body(_same, Content_Type="text/plain; charset=utf-8"),
    "type: text/html": of_body(_same, Content_Type="text/html"),
    "type: any bytes": of_body(_same, Content_Type="application/octet-stream"),
    "type: image/jpeg": of_body(_same, Content_Type="image/jpeg"),
    "type: JSON with a profile": of_body(_same, Content_Type='application/json; type="image/webp"'),
    "type: empty": of_body(_same, Content_Type=""),
    "type: no word for one": of_body(_same, Content_Type="png"),
    "packed: gzip": of_body(gzip.compress, Content_Encoding="gzip"),
    "packed: X-GZIP, in capitals": of_body(gzip.compress, Content_Encoding="X-GZIP"),
    "packed: gzip, untold": of_body(gzip.compress),
    "packed: gzip in two members": of_body(
        lambda body: gzip.compress(body[:500]) + gzip.compress(body[500:]), Content_Encoding="gzip"
    ),
    "packed: twice": of_body(lambda body: gzip.compress(zlib.compress(body)), Content_Encoding="deflate, gzip"),
    "packed: deflate": of_body(zlib.compress, Content_Encoding="deflate"),
    "packed: deflate without its frame": of_body(_raw_deflate, Content_Encoding="deflate"),
    "packed: told and not done": of_body(_same, Content_Encoding="gzip"),
    "packed: an unknown word": of_body(_same, Content_Encoding="identity, aws-chunked"),
    "picture: AVIF": of_picture(_as("AVIF", quality=90, speed=10)),
    "picture: WEBP": of_picture(_as("WEBP", lossless=True, method=0)),
    "picture: JPEG": of_picture(_as("JPEG", quality=95)),
    "picture: BMP": of_picture(_as("BMP")),
    "picture: TIFF": of_picture(_as("TIFF", compression="tiff_deflate")),
    "picture: a line behind it": of_picture(lambda data: data + b"\r\n"),
}
"""By what is told apart, and how."""

SAID = "the width is odd"
TOLD: Mapping[str, Any] = {
    "error, a sentence": {"error": SAID},
    "error, an object": {"error": {"message": SAID, "type": "invalid_request_error", "param": None, "code": None}},
    "error, within a list": [{"error": {"message": SAID}}],
    "error, a word, and detail": {"error": "HTTPException", "detail": SAID, "body": "", "errors": ""},
    "error, true, and message": {"error": True, "message": SAID},
    "error, and its description": {"error": "invalid_request", "error_description": SAID},
    "detail, a sentence": {"detail": SAID},
    "detail, a list of fields": {"detail": [{"loc": ["body", "width"], "msg": SAID, "type": "value_error"}]},
    "detail, an object": {"detail": {"code": "odd", "message": SAID}},
    "message": {"message": SAID},
    "msg": {"code": 7, "msg": SAID},
    "name and message": {"id": "1", "name": "a_name_of_tomorrow", "message": SAID},
    "name and errors": {"id": "1", "name": "a_name_of_tomorrow", "errors": [SAID]},
    "errors, objects": {"errors": [{"message": SAID}]},
    "problem details": {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": SAID},
    "a status and a reason": {"status": "error", "reason": SAID},
    "a JSON string": SAID,
}
"""One failure as services tell it."""
