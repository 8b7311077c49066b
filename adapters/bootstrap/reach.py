"""From where the service may be asked, as it is configured."""

from __future__ import annotations

from adapters.network.reach import Reach
from adapters.settings.config import Config


def reach_of(config: Config) -> Reach:
    """What the settings add up to."""
    http = config.http
    return Reach(http.host, http.public_url, http.trusted_proxies, allows_plain=http.allow_plain)


def needs_token(config: Config) -> bool:
    """Whether everybody needs a token, or has to sign in."""
    return config.http.access == "tokens"
