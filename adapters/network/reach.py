"""From where a service may be asked: this machine, or others too; through which proxies; and whether without TLS.

It answers for what the settings add up to, and for what is believed of a request that a proxy passes on. It connects
nothing, and knows no HTTP but the texts of a few headers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from adapters.network.loopback import REMEMBERED, is_this_machine

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

MOST_HOPS = 32
_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


class Forwarded(NamedTuple):
    """The headers by which a proxy tells for whom it asks, each as the lines that came."""

    addresses: Sequence[str] = ()
    schemes: Sequence[str] = ()
    hosts: Sequence[str] = ()


class Believed(NamedTuple):
    """Who asks: the address, whether by TLS, the host where a proxy tells it, whether a proxy stands between, and what
    was ignored as it could not be believed.
    """

    address: str
    is_tls: bool = False
    host: str | None = None
    is_forwarded: bool = False
    ignored: str | None = None


class Reach(NamedTuple):
    """What the settings say. `host` is where the service listens, `public_url` where browsers find it."""

    host: str = "127.0.0.1"
    public_url: str = ""
    proxies: tuple[Network, ...] = ()
    allows_plain: bool = False

    @property
    def public_host(self) -> str | None:
        """The name by which browsers ask, without its port."""
        return urlsplit(self.public_url).hostname if self.public_url else None

    @property
    def is_local(self) -> bool:
        """Whether this machine alone can ask."""
        return is_this_machine(self.host) and not self.proxies and is_this_machine(self.public_host or "localhost")

    def why_not(self, *, needs_token: bool) -> str | None:
        """Why a service may not be opened so, as a sentence with the way out; None where it may."""
        if self.is_local:
            return None
        opens = self._opens
        if not needs_token:
            return f"{opens}, so everybody needs a token: set HTTP_ACCESS=tokens, then `abby token create`."
        if self.allows_plain:
            return None
        if self.public_url.startswith("http:") and not is_this_machine(self.public_host or ""):
            return (
                f"PUBLIC_URL={self.public_url} is reached without TLS, so whoever is on the way reads tokens and "
                "pictures. Begin it with https://, or set HTTP_ALLOW_PLAIN=true for a network that you trust."
            )
        if not self.proxies:
            return (
                f"{opens}, and nothing stands in front that speaks TLS. Name the proxy that does in "
                "HTTP_TRUSTED_PROXIES (127.0.0.1 for one on this machine), or set HTTP_ALLOW_PLAIN=true for a network "
                "that you trust."
            )
        return None

    def says(self, *, needs_token: bool) -> str:
        """What is open to whom, as a sentence for who runs the service."""
        how = "with a token or by signing in" if needs_token else "without a token"
        if self.is_local:
            return f"The service is open to this machine alone, {how}."
        ways = [f"by https through {', '.join(map(str, self.proxies))}"] if self.proxies else []
        if self.allows_plain:
            ways.append("without TLS, so that whoever is on the way reads tokens and pictures (HTTP_ALLOW_PLAIN)")
        return f"The service is open to other machines, {how}: {' and '.join(ways)}."

    def believed(self, peer: str, forwarded: Forwarded) -> Believed:
        """Who asks, where `peer` is connected: what a proxy that is named tells, up to the first that is not."""
        told = any(forwarded)
        if not self.proxies or not self._trusts(_address(peer)):
            return Believed(peer, ignored="no proxy of HTTP_TRUSTED_PROXIES" if told else None)
        if not told:
            return Believed(peer)
        address, ignored = self._client(peer, forwarded.addresses)
        scheme = _last(forwarded.schemes)
        if scheme not in {"http", "https"}:
            ignored = ignored or "X-Forwarded-Proto is neither http nor https"
        return Believed(
            address,
            is_tls=scheme == "https",
            host=_last(forwarded.hosts),
            is_forwarded=True,
            ignored=ignored,
        )

    @property
    def _opens(self) -> str:
        if not is_this_machine(self.host):
            return f"HTTP_HOST={self.host} opens the service to other machines"
        name = "HTTP_TRUSTED_PROXIES" if self.proxies else f"PUBLIC_URL={self.public_url}"
        return f"{name} opens the service to other machines"

    def _client(self, peer: str, lines: Sequence[str]) -> tuple[str, str | None]:
        """The rightmost address that no trusted proxy has, and why it is not looked for further left."""
        found = peer
        for hop in [part.strip() for line in lines for part in line.split(",")][: -MOST_HOPS - 1 : -1]:
            address = _address(hop)
            if address is None:
                return found, "X-Forwarded-For holds something that is no address"
            found = str(address)
            if not self._trusts(address):
                break
        return found, None

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(
            address in network for network in self.proxies if network.version == address.version
        )


@lru_cache(maxsize=REMEMBERED)
def _address(text: str) -> Address | None:
    """An address with or without a port, an IPv4 one in IPv6's form as itself; None for whatever is none."""
    if found := _PORT.fullmatch(text):
        text = found["v4"] or found["v6"]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def _last(lines: Sequence[str]) -> str | None:
    """What the nearest proxy has written, of a header that others may have begun."""
    return lines[-1].rpartition(",")[2].strip().lower() if lines else None
