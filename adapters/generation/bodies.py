"""The body of an answer: taken in within a bound, unpacked where it came compressed, whole though its end is missing.

What it holds is read by `answers`.
"""

from __future__ import annotations

import asyncio

import aiohttp
import orjson

from adapters.generation.unpacking import UnpackedTooLarge, is_packed, unpacked
from adapters.images.png_chunks import SIGNATURE

CHUNK_BYTES = 64 * 1024
PNG_END = b"IEND\xaeB`\x82"


async def body_within(response: aiohttp.ClientResponse, at_most_bytes: int) -> bytes | None:
    """The body as it comes, None where it is larger than that; no more is taken in then."""
    return await _taken(response, at_most_bytes, bytearray())


async def plain_within(response: aiohttp.ClientResponse, at_most_bytes: int) -> bytes | None:
    """The body as it was before it was compressed, None where it is larger than that. Raises CannotUnpack.

    A connection that ends wrongly behind the last byte of a success has lost nothing; before it, it raises as ever.
    """
    taken = bytearray()
    try:
        content = await _taken(response, at_most_bytes, taken)
    except (aiohttp.ClientError, TimeoutError, OSError):
        if response.status >= 300 or not await asyncio.to_thread(_is_whole, bytes(taken)):
            raise
        content = bytes(taken)
    named = response.headers.get("Content-Encoding", "")
    if content is None or not is_packed(content, named):
        return content
    try:
        return await asyncio.to_thread(unpacked, content, named, at_most_bytes)
    except UnpackedTooLarge:
        return None


async def _taken(response: aiohttp.ClientResponse, at_most_bytes: int, content: bytearray) -> bytes | None:
    if (response.content_length or 0) > at_most_bytes:
        response.close()
        return None
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        content += chunk
        if len(content) > at_most_bytes:
            response.close()
            return None
    return bytes(content)


def _is_whole(content: bytes) -> bool:
    """Whether it has an end of its own: an object or a list of JSON, or a PNG."""
    if content.startswith(SIGNATURE):
        return content.endswith(PNG_END)
    try:
        return isinstance(orjson.loads(content), dict | list)
    except orjson.JSONDecodeError:
        return False
