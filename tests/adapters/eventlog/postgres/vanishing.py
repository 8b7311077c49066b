"""Loses the primary's machine under load, and writes how long it took until every client was told something again:

    unshare -n python -m tests.adapters.eventlog.postgres.vanishing FOLDER

Both servers are in the network that this program is given; the clients are in another one, with a wire between. The
primary's address is taken away: its packets still arrive, and nobody answers them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from tests.adapters.eventlog.postgres.test_fail_over import GO_ON_SECONDS, asking, judge, wait_until_told
from tests.servers.pair import AT_ONCE, STANDBY, SYNCHRONOUS, Pair, configure, operator
from tests.servers.postgres import Server, running

CLIENTS, PRIMARY, OTHER = "10.9.0.1", "10.9.0.2", "10.9.0.3"
TAIL_SECONDS = 1.0


def ip(*words: str, through: tuple[str, ...] = ()) -> str:
    """Changes a network, or looks at it."""
    return subprocess.run([*through, "ip", *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def network() -> Iterator[tuple[str, ...]]:
    """The words that start a program in the network of the clients."""
    with subprocess.Popen(["unshare", "-n", "sleep", "600"]) as holder:
        through = ("nsenter", "-t", str(holder.pid), "-n")
        try:
            sleep(0.2)  # until it has its network
            ip("link", "add", "here", "type", "veth", "peer", "name", "there")
            ip("link", "set", "there", "netns", str(holder.pid))
            for address in (PRIMARY, OTHER):
                ip("addr", "add", f"{address}/24", "dev", "here")
            ip("addr", "add", f"{CLIENTS}/24", "dev", "there", through=through)
            for name, words in (("lo", ()), ("here", ()), ("lo", through), ("there", through)):
                ip("link", "set", name, "up", through=words)
            hardware = ip("-o", "link", "show", "here").partition("link/ether ")[2].split()[0]
            for address in (PRIMARY, OTHER):  # never asked for, so that nothing says that it is gone
                ip("neigh", "replace", address, "lladdr", hardware, "dev", "there", "nud", "permanent", through=through)
            yield through
        finally:
            holder.kill()


def two_servers(primary: Server) -> Pair:
    """A pair that listens to the clients too; the standby hears of its primary by loopback."""
    with (primary.folder / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.9.0.0/24 scram-sha-256\n")
    with operator(primary) as session:
        session.execute("SELECT pg_reload_conf()")
    both = Pair(primary, Server(primary.folder.with_name("standby")), SYNCHRONOUS)
    both.standby.follow(primary, STANDBY)
    both.standby.start(**AT_ONCE, listen_addresses="*")
    both.wait_for_standby()
    configure(primary, SYNCHRONOUS)
    return both


def main(folder: Path) -> float:
    """Everything, in this network."""
    with network() as through, running(**AT_ONCE, listen_addresses="*") as primary:
        both = two_servers(primary)
        known = {**both.environment(), "POSTGRES_HOST": f"{PRIMARY},{OTHER}"}
        try:
            with asking(known, folder, 2, through) as askers:
                sleep(TAIL_SECONDS)
                lost_at = monotonic()
                ip("addr", "del", f"{PRIMARY}/24", "dev", "here")
                ip("addr", "replace", f"{OTHER}/24", "dev", "here")  # the first address took it along
                both.fail_over()
                wait_until_told(askers, monotonic(), GO_ON_SECONDS)
                took = monotonic() - lost_at
                sleep(TAIL_SECONDS)
                for asker in askers:
                    asker.end()
            judge(both.primary.environment(), askers, folder / "anew")
        finally:
            both.primary.stop("immediate")
    return took


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1])):.1f}\n")
