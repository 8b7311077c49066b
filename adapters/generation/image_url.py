"""Fetches an input image from an address that a user gives; it reaches nothing but listed public hosts."""

from __future__ import annotations

from collections.abc import Collection

from adapters.generation.provider import FaultKind, GenerationFault

REFUSED = GenerationFault(
    FaultKind.BAD_REQUEST, "This address cannot be used. Attach the image, or give the https address of one on Discord."
)
"""The one answer to every address that is not fetched: it tells nobody what stands behind it."""


class ImageFetcher:
    """Fetches images from `hosts` alone, over https."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(hosts)

    async def fetch(self, url: str) -> bytes | GenerationFault:
        """The bytes of the image, or REFUSED."""
        raise NotImplementedError(url)
