"""An uploaded image: the raw body, or the one file of a multipart form, and the name it is to get.

The form is read strictly, from bytes that are in memory already: whole, few parts, nothing around them. Left to others:
whether the bytes are an image (the storage adapter).
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser
from typing import Annotated, NamedTuple

from aiohttp import web
from pydantic import Field

from adapters.http.bodies import BodyReader, Budget
from adapters.http.contract.bodies import Body
from adapters.http.parameters import checked_name
from adapters.http.problems import BAD_REQUEST, LENGTH, MEDIA, Problem
from domain.names import NAME_PATTERN

FORM = "multipart/form-data"
UPLOADED = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream")
"""The media types of an image that is the body itself; it is what its bytes say, whatever is announced."""
MAX_PARTS = 8
MAX_PART_HEADER_BYTES = 2_048
MAX_FORM_OVERHEAD_BYTES = 65_536
FILE_FIELD, NAME_FIELD = "image", "name"

_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]")


class Form(Body):
    """A form with one image."""

    image: bytes
    name: Annotated[str, Field(json_schema_extra={"pattern": NAME_PATTERN})] = ""
    """The name it is to get; without one, the next free number."""


class Upload(NamedTuple):
    """The bytes as they came, and the name asked for (None: a fresh one)."""

    data: bytes
    name: str | None


class Part(NamedTuple):
    """One field of a form."""

    field: str
    data: bytes


async def read_upload(request: web.Request, reader: BodyReader, budget: Budget, *, at_most: int) -> Upload:
    """The image and its name. 415 for a body of another kind, 400 for an unclear form, 413 for a large image."""
    asked = request.query.get("name")
    if request.content_type == FORM:
        body = await reader.read(request, at_most=at_most + MAX_FORM_OVERHEAD_BYTES, budget=budget, copies=2)
        data, inside = _fields(parse_form(body, boundary_of(request)))
        if len(data) > at_most:
            raise Problem(LENGTH, f"The image is larger than the {at_most} bytes that are accepted.")
    elif request.content_type.startswith("image/") or request.content_type == "application/octet-stream":
        data, inside = await reader.read(request, at_most=at_most, budget=budget), None
    else:
        detail = f"Send the image as the body, with `Content-Type: image/png` (or its own type), or as {FORM}."
        raise Problem(MEDIA, detail)
    if asked is not None and inside is not None and asked != inside:
        raise Problem(BAD_REQUEST, "The query and the form ask for different names. Give the name once.")
    name = inside if asked is None else asked
    return Upload(data, None if name is None else checked_name(name))


def parse_form(body: bytes, boundary: str, *, most: int = MAX_PARTS) -> list[Part]:
    """The parts of a whole multipart body; 400 where it is cut or a part has no field name, 413 for too many parts."""
    line = b"--" + boundary.encode("ascii")
    if not body.startswith(line):
        raise Problem(BAD_REQUEST, "The form does not begin with its boundary.")
    parts: list[Part] = []
    position = len(line)
    while body[position : position + 2] != b"--":
        if len(parts) == most:
            raise Problem(LENGTH, f"The form has more than {most} parts.")
        end = body.find(b"\r\n" + line, position)
        if body[position : position + 2] != b"\r\n" or end < 0:
            raise Problem(BAD_REQUEST, "The form is cut: its closing boundary is missing.")
        parts.append(_part(body, position + 2, end))
        position = end + 2 + len(line)
    if body[position + 2 :] not in (b"", b"\r\n"):
        raise Problem(BAD_REQUEST, "There is something after the form's end.")
    return parts


def _part(body: bytes, start: int, end: int) -> Part:
    blank = body.find(b"\r\n\r\n", start, min(end, start + MAX_PART_HEADER_BYTES))
    if blank < 0:
        raise Problem(BAD_REQUEST, "A part of the form has no end of its headers, or too many of them.")
    try:
        headers = HeaderParser().parsestr(body[start:blank].decode("utf-8") + "\r\n\r\n")
    except UnicodeDecodeError as error:
        raise Problem(BAD_REQUEST, "The headers of a part are not UTF-8.") from error
    return Part(_field_name(headers), body[blank + 4 : end])


def _field_name(headers: Message) -> str:
    try:
        name = headers.get_param("name", header="content-disposition")
    except TypeError:  # what is continued (RFC 2231) with and without a number, the parser cannot sort
        name = None
    if headers.get_content_disposition() != "form-data" or not isinstance(name, str):
        raise Problem(BAD_REQUEST, "A part of the form does not say which field it is.")
    if headers.get("content-transfer-encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
        raise Problem(BAD_REQUEST, "A part of the form has a transfer encoding. Send the bytes as they are.")
    return name


def _fields(parts: list[Part]) -> tuple[bytes, str | None]:
    found: dict[str, bytes] = {}
    for part in parts:
        if part.field not in (FILE_FIELD, NAME_FIELD):
            detail = f"The form has a field {part.field[:40]!r}. It may have '{FILE_FIELD}' and '{NAME_FIELD}'."
            raise Problem(BAD_REQUEST, detail)
        if part.field in found:
            raise Problem(BAD_REQUEST, f"The form has the field '{part.field}' twice.")
        found[part.field] = part.data
    if FILE_FIELD not in found:
        raise Problem(BAD_REQUEST, f"The form has no field '{FILE_FIELD}' with the image in it.")
    if NAME_FIELD not in found:
        return found[FILE_FIELD], None
    return found[FILE_FIELD], text_of(found[NAME_FIELD])


def text_of(data: bytes) -> str:
    """A field of a form as text; 400 where it is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(BAD_REQUEST, "A text in the form is not UTF-8.") from error


def boundary_of(request: web.Request) -> str:
    """What stands between the parts of the request's form; 400 where it has none."""
    headers = Message()
    headers["content-type"] = request.headers.get("Content-Type", "")
    try:
        boundary = headers.get_boundary()
    except TypeError:  # as in a part's headers
        boundary = None
    if boundary is None or not _BOUNDARY.fullmatch(boundary):
        raise Problem(BAD_REQUEST, "The form's boundary is missing or not one that RFC 2046 allows.")
    return boundary
