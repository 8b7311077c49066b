"""Redis with an append-only file synced at every write (`appendfsync always`): one Lua script a command, an event in a
stream.

It is driven by redis-py's asyncio client with hiredis over a Unix socket, and with as many connections as served it
best.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import orjson

from scripts.bench.peer import DAILY, DAY, GEN_BYTES, IMAGE_BYTES, STORAGE_BYTES, Pair, PeerMissing

CONNECTIONS = 64
START_SECONDS = 10.0
HOW_TO_ENABLE = (
    "no redis-server or no client for it; Debian and Ubuntu: sudo apt install redis-server; pip install redis hiredis"
)

RESERVE = """
local user = 'user:' .. ARGV[1]
local size, storage = tonumber(ARGV[4]), tonumber(ARGV[6])
if tonumber(redis.call('HGET', user, 'day:' .. ARGV[3]) or 0) >= tonumber(ARGV[5]) then return 'DAILY_LIMIT' end
local own, pool = redis.call('HMGET', user, 'used', 'held'), redis.call('HMGET', 'pool', 'used', 'held')
if (tonumber(own[1]) or 0) + (tonumber(own[2]) or 0) + size > storage then return 'USER_STORAGE' end
if (tonumber(pool[1]) or 0) + (tonumber(pool[2]) or 0) + size > storage then return 'POOL_STORAGE' end
redis.call('HINCRBY', user, 'day:' .. ARGV[3], 1)
redis.call('HINCRBY', user, 'held', size)
redis.call('HINCRBY', 'pool', 'held', size)
redis.call('HSET', 'places', ARGV[2], size)
redis.call('XADD', 'events', '*', 'type', 'GenerationReserved', 'data', ARGV[7])
return 'OK'
"""
SAVE = """
local user = 'user:' .. ARGV[1]
local held = redis.call('HGET', 'places', ARGV[2])
if not held then return 'UNKNOWN_RESERVATION' end
redis.call('HDEL', 'places', ARGV[2])
for _, key in ipairs({user, 'pool'}) do
  redis.call('HINCRBY', key, 'held', -held)
  redis.call('HINCRBY', key, 'used', ARGV[3])
end
redis.call('HSET', 'images:' .. ARGV[1], ARGV[4], ARGV[3])
redis.call('XADD', 'events', '*', 'type', 'ImageSaved', 'data', ARGV[5])
return 'OK'
"""


class RedisPeer:
    """A server of its own in a folder, and one client."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None or find_spec("redis") is None or find_spec("hiredis") is None:
            raise PeerMissing(HOW_TO_ENABLE)
        socket = folder / "redis.sock"
        options = {"port": "0", "unixsocket": str(socket), "dir": str(folder), "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "always"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._server = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
        self._await(socket)
        self._connect(socket)

    def _await(self, socket: Path) -> None:
        until = time.monotonic() + START_SECONDS
        while not socket.exists():
            if self._server.poll() is not None or time.monotonic() > until:
                self._stop()
                raise PeerMissing("redis-server did not start here")
            time.sleep(0.01)

    def _connect(self, socket: Path) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis, UnixDomainSocketConnection

        pool = BlockingConnectionPool(CONNECTIONS, connection_class=UnixDomainSocketConnection, path=str(socket))
        self._redis = Redis.from_pool(pool)
        self._reserve = self._redis.register_script(RESERVE)
        self._save = self._redis.register_script(SAVE)

    async def reserve(self, pair: Pair) -> None:
        """One script."""
        facts = orjson.dumps(pair.reserved())
        args: list[str | int | bytes] = [pair.user, pair.reservation, DAY, GEN_BYTES, DAILY, STORAGE_BYTES, facts]
        assert await self._reserve(args=args) == b"OK"

    async def save(self, pair: Pair) -> None:
        """One script."""
        args: list[str | int | bytes] = [
            pair.user,
            pair.reservation,
            IMAGE_BYTES,
            pair.name,
            orjson.dumps(pair.saved()),
        ]
        assert await self._save(args=args) == b"OK"

    async def close(self) -> None:
        """Closes the connections and stops the server."""
        await self._redis.aclose()
        self._stop()

    def _stop(self) -> None:
        self._server.terminate()
        self._server.wait()
