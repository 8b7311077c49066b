"""Fetches an input image from an address that a user gives; it reaches nothing but listed public hosts.

Answers for the address as it is written, for where the connection goes, and for what comes back: bounded in bytes and
time, and an image by its first bytes. Which IP addresses are public is told by `public_addresses`; whether the image
can be read is left to `request_check`. An address is never logged, because Discord's are signed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.generation.bodies import body_within
from adapters.images.formats import INPUTS, MEDIA_TYPES, begun_format
from adapters.network.public_addresses import is_public
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import ImageThereTooLarge, InputNotRead
from adapters.wording.failures import sentence_of_failure

FETCH_SECONDS = 15.0
"""From the look-up of the name to the last byte."""
LARGEST_IMAGE_BYTES = 10 * 1_048_576
LONGEST_ADDRESS = 2048
HTTPS_PORT = 443

REFUSED = GenerationFailure(PlainReason.ADDRESS_REFUSED)
"""The one answer to every address that is not fetched: it tells nobody what stands behind it."""
TOO_LARGE = GenerationFailure(ImageThereTooLarge(LARGEST_IMAGE_BYTES))
GONE = GenerationFailure(PlainReason.ADDRESS_EXPIRED)
NOT_AN_IMAGE = GenerationFailure(PlainReason.ADDRESS_WITHOUT_IMAGE)
A_HEIC = GenerationFailure(InputNotRead("HEIC"))
"""The one format of which it is told, as telephones make it: whoever gives such an address takes it for a picture."""
TOO_SLOW = GenerationFailure(PlainReason.ADDRESS_TOO_SLOW)
NOT_REACHED = GenerationFailure(PlainReason.ADDRESS_NOT_TRUSTED)
HOST_FAILED = GenerationFailure(PlainReason.ADDRESS_FAILED)

Resolve = Callable[[str], Awaitable[Collection[str]]]
"""The IP addresses of a host name. Raises OSError where there are none."""

_ADDRESS = re.compile(
    r"https://"
    r"(?P<host>(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*)"  # a last part that begins with a digit makes a number: an IP address
    r"(?::443)?"
    r"(?P<path>/[a-z0-9._~!$&'()*+,;=:@%/-]*)?"
    r"(?:\?(?P<query>[a-z0-9._~!$&'()*+,;=:@%/?-]*))?"
    r"(?:\#[a-z0-9._~!$&'()*+,;=:@%/?-]*)?",
    re.ASCII | re.IGNORECASE,
)
_HEADERS = {"Accept": ", ".join((*MEDIA_TYPES.values(), "image/avif")), "Accept-Encoding": "identity"}

_log = structlog.wrap_logger(logging.getLogger(__name__))


async def addresses_of(host: str) -> list[str]:
    """What the system's resolver says, asked once. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


class ImageFetcher:
    """Fetches images from `hosts` alone, over https.

    `tls` is what decides on certificates where the system's authorities do not; `socket_factory` makes the sockets.
    """

    def __init__(
        self,
        hosts: Collection[str],
        *,
        resolve: Resolve = addresses_of,
        tls: ssl.SSLContext | None = None,
        socket_factory: aiohttp.SocketFactoryType | None = None,
        deadline_seconds: float = FETCH_SECONDS,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._resolve = resolve
        self._tls = tls
        self._socket_factory = socket_factory
        self._deadline_seconds = deadline_seconds

    def refuses(self, url: str) -> GenerationFailure | None:
        """REFUSED for an address that is not even looked up; None where it may be asked."""
        return None if _read_address(url, self._hosts) is not None else REFUSED

    async def fetch(self, url: str) -> bytes | GenerationFailure:
        """The bytes of the image; REFUSED for an address that is not connected to, else what went wrong."""
        address = _read_address(url, self._hosts)
        if address is None:
            _log.info("image address refused", reason="not one of a listed host")
            return REFUSED
        host = str(address.raw_host)
        pins: list[str] = []
        try:
            async with asyncio.timeout(self._deadline_seconds):
                pins = await self._pins(host)
                outcome = await self._get(address, pins) if pins else REFUSED
        except TimeoutError:
            outcome = TOO_SLOW if pins else REFUSED
        except aiohttp.ClientConnectorError:
            outcome = NOT_REACHED
        except (aiohttp.ClientError, OSError):
            outcome = HOST_FAILED
        if isinstance(outcome, GenerationFailure):
            _log.info("image not fetched", host=host, reason=sentence_of_failure(outcome))
        return outcome

    async def _pins(self, host: str) -> list[str]:
        """The addresses of a listed host, looked up once; none where one of them is not public."""
        try:
            found = await self._resolve(host)
        except (OSError, UnicodeError) as error:  # UnicodeError: a listed name that is longer than names may be
            _log.warning("image host not resolved", host=host, reason=type(error).__name__)
            return []
        if not all(map(is_public, found)):
            _log.warning("image host refused", host=host, reason="it has an address that is not public")
            return []
        return list(found)

    async def _get(self, address: URL, pins: list[str]) -> bytes | GenerationFailure:
        """One request to one of these addresses. Raises what aiohttp raises."""
        connector = aiohttp.TCPConnector(
            resolver=_PinnedResolver(pins),
            use_dns_cache=False,
            force_close=True,
            ssl=self._tls or True,
            socket_factory=self._socket_factory,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),  # the deadline over all of it is the caller's
            auto_decompress=False,
            trust_env=False,
        ) as session, session.get(address, allow_redirects=False) as response:  # fmt: skip
            if response.status != 200:
                return _without_image(response.status)
            content = await body_within(response, LARGEST_IMAGE_BYTES)
        if content is None:
            return TOO_LARGE
        found = begun_format(content)
        if found in INPUTS:
            return content
        return A_HEIC if found == "HEIC" else NOT_AN_IMAGE


class _PinnedResolver(AbstractResolver):
    """Knows the addresses that were judged, and asks nobody."""

    def __init__(self, pins: list[str]) -> None:
        self._pins = pins

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the signature is aiohttp's, which asks for all
    ) -> list[ResolveResult]:
        """The pinned addresses, of both families, as those of the one host that is asked for."""
        return [
            ResolveResult(
                hostname=host,
                host=pin,
                port=port,
                family=socket.AF_INET6 if ":" in pin else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for pin in self._pins
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _read_address(url: str, hosts: Collection[str]) -> URL | None:
    """The address put together anew from its parts, so that nobody reads it otherwise; None where it is not taken."""
    match = _ADDRESS.fullmatch(url) if len(url) <= LONGEST_ADDRESS else None
    if match is None or match["host"].lower() not in hosts:
        return None
    return URL.build(
        scheme="https",
        host=match["host"].lower(),
        path=match["path"] or "/",
        query_string=match["query"] or "",
        encoded=True,
    )


def _without_image(status: int) -> GenerationFailure:
    """What an answer other than 200 says; a redirect is one that leads elsewhere, and is not followed."""
    if status in {403, 404, 410}:
        return GONE
    return HOST_FAILED if status == 429 or status >= 500 else NOT_AN_IMAGE
