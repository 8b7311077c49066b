"""What a service's answer holds, in whatever form it came: JSON, pictures in base64, pictures as they are.

The one reader for all providers: each of these forms was met at a service or a proxy, and none is a reason to throw a
paid picture away. Answers for finding the pictures and what is told with each. What a failure says of itself is read by
`taxonomy`; whether a picture can be decoded is the generator's to find out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

import orjson

from adapters.generation.unforeseen import final_ones, is_preview, parts_of, texts_in, values_of
from adapters.images.formats import ANSWERS, begun_format
from adapters.ports.failure_reasons import Instead

BASE64_PIECE_CHARS = 256 * 1024
"""Divisible by 4, so that each piece stands for itself."""
SEED_MAX = 4_294_967_295
BEGINNING_CHARS = 512
DEEPEST = 4
"""So many values within each other are looked into."""
LISTS = ("images", "artifacts", "data", "image", "output", "outputs", "result", "results", "predictions")
"""Where answers hold their pictures, or one alone."""
TEXTS = ("b64_json", "base64", "b64", "image_base64", "image_b64", "image", "data", "url", "image_url", "uri")
"""Where an entry holds its picture, or the address of it."""
SUCCESS, FILTERED, FAILED = "SUCCESS", "CONTENT_FILTERED", "ERROR"
"""How the making of one picture may have ended."""

_UNSEEN = b" \t\r\n\v\f\0"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_DATA_ADDRESS = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:/)?/[^\s/]", re.IGNORECASE)
_LONGEST_ADDRESS = 4096
_SHORTEST_PICTURE_CHARS = 64
"""In base64; a shorter text is a word or an id, or an address."""
_QUOTED = re.compile(r"b?(['\"])(.*)\1", re.DOTALL)
_FIRST_VALUE = json.JSONDecoder(strict=False)


class Sent(NamedTuple):
    """One place of an answer: the bytes of a picture, or None with what stands there instead, such as an address.

    `ended` is one of SUCCESS, FILTERED and FAILED, another word of the service's, or "" where nothing is told.
    """

    data: bytes | None
    seed: int | None = None
    ended: str = ""
    instead: Instead = Instead.NO_PICTURE
    address: str = ""


class Contents(NamedTuple):
    """What an answer holds: its JSON, None where it is none, and its places; None where it has no place for any."""

    body: object
    sent: list[Sent] | None


def contents_of(content: bytes, headers: Mapping[str, str], charset: str = "") -> Contents:
    """The pictures of an answer, whatever its type is said to be. `headers` have names in lower case. For a thread."""
    if begun_format(content) in ANSWERS:
        told = {name.replace("-", "_"): value for name, value in headers.items()}
        return Contents(None, [_sent(content, told)])
    if parts := parts_of(content):
        return _together([contents_of(part, {}, charset) for part in parts if not parts_of(part)])
    body = parsed(content, charset)
    if body is None or isinstance(body, str):
        alone = _of_text(body if isinstance(body, str) else content.decode("ascii", "ignore"), {})
        if alone.data:
            return Contents(body, [alone])
    return _of_values(body, content, charset)


def _of_values(body: object, content: bytes, charset: str) -> Contents:
    """Of a body that is one value as it is read alone, of another the values in it that hold pictures."""
    values = [] if _is_one_value(content) else values_of(text_of(content, charset).lstrip("\ufeff"))
    if len(values) < 2 and isinstance(body, dict | list):
        return Contents(body, _places(body))
    read = [(value, _places(value)) for value in values]
    final = final_ones([value for value, places in read if any(place.data or place.address for place in places or ())])
    if not final:
        told = next((value for value in (body, *reversed(values)) if isinstance(value, dict | list)), body)
        return Contents(told, next((places for value, places in read if value is told), None))
    return Contents(
        final[-1], [place for value, places in read if any(value is one for one in final) for place in places or ()]
    )


def _is_one_value(content: bytes) -> bool:
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return True


def _together(found: list[Contents]) -> Contents:
    """The parts of one answer."""
    places = [place for one in found for place in one.sent or () if place.data]
    body = next((one.body for one in found if one.body is not None), None)
    return Contents(body, places or next((one.sent for one in found if one.sent is not None), None))


def _places(value: object) -> list[Sent] | None:
    """What stands in the places for pictures; where none is there, the pictures that stand anywhere else."""
    entries = _entries(value)
    final = [entry for entry in entries or () if not is_preview(entry)] or entries
    known = None if final is None else [_of_entry(entry) for entry in final]
    if any(place.data for place in known or ()) or (isinstance(value, dict) and value.get("error")):
        return known
    return _anywhere(value) or known


def _anywhere(value: object) -> list[Sent]:
    """Every picture once; of previews the last alone, and only where there is nothing else."""
    found: dict[str, Sent] = {}
    previews: list[Sent] = []
    for text, told, is_less in texts_in(value):
        if text in found or not _begins_as_picture(text):
            continue
        if (sent := _of_text(text, told)).data:
            if is_less:
                previews = [sent]
            else:
                found[text] = sent
    return list(found.values()) or previews


def _begins_as_picture(text: str) -> bool:
    """By its first characters, so that a long text of another kind is not taken apart."""
    try:
        return begun_format(from_base64(_bare(text[:BEGINNING_CHARS])[:-8])) in ANSWERS
    except ValueError:
        return False


def parsed(content: bytes, charset: str = "") -> object:
    """JSON as Python values, None for anything else: services answer with pages of text when they fail.

    Taken are also a byte order mark, UTF-16 and 32, the charset that is told, numbers that are none, and anything that
    follows the first value.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        text = text_of(content, charset).lstrip("\ufeff \t\r\n\0")
    try:
        value, _ = _FIRST_VALUE.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list | str) else None


def text_of(content: bytes, charset: str = "") -> str:
    """The content as text; what cannot be read of it becomes a sign for that."""
    found = json.detect_encoding(content)
    if found in {"utf-8", "utf-8-sig"} and charset and not content.isascii():
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            pass  # an unknown name, or not what it is
    return content.decode(found, "replace")


def from_base64(text: str) -> bytes:
    """What a text in base64 stands for: in either alphabet, with or without padding, line breaks, or `data:` before it.
    Raises ValueError for any other.

    In pieces: a whole picture at once would keep every other thread waiting meanwhile, the event loop's among them.
    """
    told = _DATA_ADDRESS.match(text := _bare(text))
    if told is not None:
        text = unquote(text[told.end() :]) if "%" in text else text[told.end() :]
    left, pieces = b"", []
    for piece in _pieces(text):
        left += piece
        whole = len(left) - len(left) % 4
        pieces.append(base64.b64decode(left[:whole], validate=True))
        left = left[whole:]
    pieces.append(base64.b64decode(left + b"=" * (-len(left) % 4), validate=True))
    return b"".join(pieces)


def _bare(text: str) -> str:
    """Without what was put around it: spaces, quotes, and Python's b before them."""
    text = text.strip("\ufeff \t\r\n\0")
    quoted = _QUOTED.fullmatch(text) if text[-1:] in {"'", '"'} else None
    return quoted[2] if quoted else text


def _pieces(text: str) -> Iterator[bytes]:
    """The text without its padding, which is no part of the content, in one alphabet. Raises ValueError."""
    end = len(text.rstrip("= \t\r\n\0"))
    for at in range(0, end, BASE64_PIECE_CHARS):
        piece = text[at : min(end, at + BASE64_PIECE_CHARS)]
        if "=" in piece:
            raise ValueError("the text goes on after its end")
        yield piece.encode("ascii").translate(_URL_SAFE, _UNSEEN)


def _entries(value: object, depth: int = DEEPEST) -> list[object] | None:
    """What stands in the places for pictures, None where there is no such place."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or depth == 0:
        return None
    if any(_may_be_picture(value.get(name)) for name in TEXTS):
        return [value]
    for name in LISTS:
        inner = value.get(name)
        if isinstance(inner, list) and inner:
            return inner
        if isinstance(inner, str) and _may_be_picture(inner):
            return [inner]
        if isinstance(inner, dict):
            return _entries(inner, depth - 1) or [inner]
    if any(isinstance(value.get(name), str) and value[name] for name in (*TEXTS, *LISTS)):
        return [value]
    return [] if any(name in value for name in LISTS) else None


def _may_be_picture(text: object) -> bool:
    """Whether a text is long enough for a picture, or an address."""
    return isinstance(text, str) and (len(text) >= _SHORTEST_PICTURE_CHARS or bool(_ADDRESS.match(text.strip())))


def _of_entry(entry: object, depth: int = DEEPEST) -> Sent:
    if isinstance(entry, str):
        return _of_text(entry, {})
    if isinstance(entry, list) and len(entry) == 1:
        return _of_entry(entry[0], depth - 1)
    if not isinstance(entry, dict) or depth == 0:
        return Sent(None)
    found = sorted((entry[name] for name in TEXTS if entry.get(name)), key=_is_word)
    for value in found:
        if isinstance(value, str):
            return _of_text(value, entry)
        inner = value[0] if isinstance(value, list) else value
        sent = _of_entry(inner, depth - 1)
        if sent.data or sent.address:
            return sent
    return _sent(None, entry)


def _is_word(value: object) -> bool:
    """Whether it is a text that is no picture: looked at last."""
    return isinstance(value, str) and not _may_be_picture(value)


def _of_text(text: str, told: Mapping[str, object]) -> Sent:
    start = text[:_LONGEST_ADDRESS].strip()
    if not start:
        return _sent(None, told)
    try:
        data = from_base64(text)
    except ValueError:
        data = b""
    if begun_format(data) in ANSWERS:
        return _sent(data, told)
    if len(text) <= _LONGEST_ADDRESS and _ADDRESS.match(start):
        return _sent(None, told)._replace(instead=Instead.AN_ADDRESS, address=start)
    return _sent(None, told)._replace(instead=Instead.NOT_A_PICTURE)


def _sent(data: bytes | None, told: Mapping[str, object]) -> Sent:
    ended = told.get("finishReason") or told.get("finish_reason")
    return Sent(data, seed_of(told.get("seed")), ended.strip().upper() if isinstance(ended, str) else "")


def seed_of(value: object) -> int | None:
    """A seed as a number, None for what is none of ours."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    usable = text.isascii() and text.isdecimal() and len(text) <= len(str(SEED_MAX))
    return int(text) if usable and int(text) <= SEED_MAX else None
