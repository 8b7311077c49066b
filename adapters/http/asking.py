"""From where a request comes: the client's address, the host that it asked, and whether it came by TLS."""

from __future__ import annotations

from typing import Final, NamedTuple

from aiohttp import web


class Client(NamedTuple):
    """The other end of a request, as far as it can be believed."""

    address: str
    host: str
    is_tls: bool = False

    @property
    def origin(self) -> str:
        """What a browser calls the page of this service."""
        return f"{'https' if self.is_tls else 'http'}://{self.host}"


CLIENT: Final = web.RequestKey("client", Client)
