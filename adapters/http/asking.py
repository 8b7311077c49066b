"""From where a request comes: the client's address, the host that it asked, and whether it came by TLS."""

from __future__ import annotations

import logging
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from adapters.http.problems import BAD_REQUEST, NEEDS_TLS, NOT_LOCAL, Problem
from adapters.network.loopback import REMEMBERED, is_this_machine
from adapters.network.reach import Forwarded, Reach

WHITESPACE = " \t"
"""What may stand around a header's value (RFC 9110, 5.6.3); Python's own notion of white space is wider."""
USUAL_PORTS = {True: ":443", False: ":80"}

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Client(NamedTuple):
    """The other end of a request, as far as it is believed. `home`: where browsers find the page, if that is set."""

    address: str
    host: str
    is_tls: bool = False
    home: str = ""

    @property
    def origin(self) -> str:
        """What a browser calls the page of this service."""
        return f"{'https' if self.is_tls else 'http'}://{self.host.removesuffix(USUAL_PORTS[self.is_tls])}"

    @property
    def own_origins(self) -> frozenset[str]:
        """The same, and what it is called in front of a proxy that does not pass the host on."""
        return frozenset({self.origin, self.home} - {""})


CLIENT: Final = web.RequestKey("client", Client)
REACH: Final = web.AppKey("reach", Reach)


def admitted(request: web.Request) -> Client:
    """Who asks. Raises a Problem: 400 for another host than this one, 403 without TLS where that is needed."""
    reach = request.app[REACH]
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) != 1:
        raise Problem(BAD_REQUEST, "A request needs exactly one Host header.")
    peer = request.remote or ""
    believed = reach.believed(peer, _forwarded(request))
    if believed.ignored:
        _log.warning("what a proxy says is ignored", peer=peer, reason=believed.ignored)
    host = believed.host or hosts[0]
    if not is_loopback(host) and not _is_ours(request, reach, host):
        raise Problem(NOT_LOCAL, f"Use {_where(reach)}.")
    is_near = is_loopback(host) and is_this_machine(peer) and not believed.is_forwarded
    if not (believed.is_tls or is_near or reach.allows_plain):
        raise Problem(NEEDS_TLS, f"Use {_where(reach)}. What is sent without TLS can be read on its way.")
    return Client(believed.address, host, is_tls=believed.is_tls, home=reach.public_url)


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine: `localhost` or a loopback address, with any port or none."""
    name = _name_of(host)
    return name is not None and is_this_machine(name)


def _is_ours(request: web.Request, reach: Reach, host: str) -> bool:
    """Whether it is the public name, or the address at which the service was reached: no other site's name leads here
    by that.
    """
    name = _name_of(host)
    if name is None or reach.is_local:
        return False
    own = request.transport.get_extra_info("sockname") if request.transport else None
    try:
        return name == reach.public_host or (own is not None and ip_address(name) == ip_address(own[0]))
    except ValueError:
        return False


@lru_cache(maxsize=REMEMBERED)
def _name_of(host: str) -> str | None:
    """The name in a Host header, without its port; None where the header is malformed."""
    try:
        parts = urlsplit("//" + host)
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return None if parts.netloc != host or "@" in host else name


def _where(reach: Reach) -> str:
    if reach.is_local:
        return "http://127.0.0.1 or http://localhost with the service's port"
    return reach.public_url or "the service's own address, by https"


def _forwarded(request: web.Request) -> Forwarded:
    return Forwarded(
        request.headers.getall(hdrs.X_FORWARDED_FOR, []),
        request.headers.getall(hdrs.X_FORWARDED_PROTO, []),
        request.headers.getall(hdrs.X_FORWARDED_HOST, []),
    )
