"""Hosts as settings name them, and as people read them."""

from __future__ import annotations

from ipaddress import IPv6Address

from adapters.ports.faults import ConfigError


def address(host: str, port: str) -> str:
    """A host and a port, as they are written: "db:5432", "[::1]:5432"."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def servers_in(hosts: str, ports: str) -> list[tuple[str, str]]:
    """The hosts and ports that POSTGRES_HOST and POSTGRES_PORT name. Raises ConfigError."""
    names, numbers = [host.strip() for host in hosts.split(",")], ports.split(",")
    if not all(names):
        raise ConfigError(
            f"POSTGRES_HOST={hosts!r} has a comma with no host beside it, which would mean this machine. Name each "
            "host."
        )
    if any(map(_has_port, names)):
        raise ConfigError(
            f"POSTGRES_HOST={hosts!r} has a port in it. Name the host alone, an IPv6 address without brackets, and the "
            "port in POSTGRES_PORT."
        )
    if len(numbers) not in {1, len(names)}:
        raise ConfigError(
            f"POSTGRES_HOST names {len(names)} hosts and POSTGRES_PORT {len(numbers)} ports. Set one port for all, or "
            "one for each host."
        )
    return [*zip(names, numbers if len(numbers) > 1 else numbers * len(names), strict=True)]


def _has_port(host: str) -> bool:
    """Whether a port, or brackets, stand in what is to be a host alone; a folder of sockets may be called anything."""
    if host.startswith(("/", "@")) or ":" not in host:
        return False
    try:
        IPv6Address(host)
    except ValueError:
        return True
    return False
