"""The gateway: sessions over websockets, identified, resumed with what was missed, voided and cut at a test's word.

Of the events, those are sent that a bot with the guilds intent alone receives: READY, RESUMED, GUILD_CREATE and
INTERACTION_CREATE.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.world import Guild, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
QUIET_OPERATIONS = (3, 4, 8)
GUILDS = 1 << 0
ALL_INTENTS = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
MOST_EVENTS_KEPT = 1_000
MOST_FRAMES_A_MINUTE = 120


class Closed(Exception):
    """The connection is closed with a code of the gateway."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        super().__init__(reason)


@dataclass(eq=False)
class Session:
    """What READY began. While no connection carries it, its events wait for a RESUME."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None = None
    sequence: int = 0
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS_KEPT))

    async def dispatch(self, name: str, data: Json) -> None:
        """Sends an event now, or when the session is resumed."""
        self.sequence += 1
        event = {"op": DISPATCH, "t": name, "s": self.sequence, "d": data}
        self.events.append(event)
        if self.connection is not None:
            await self.connection.send(event)


class Connection:
    """One websocket, before and after it has a session."""

    def __init__(self, socket: web.WebSocketResponse, transport: object, *, compress: bool) -> None:
        self.socket = socket
        self.transport = transport
        self.session: Session | None = None
        self.frames: deque[float] = deque(maxlen=MOST_FRAMES_A_MINUTE + 1)
        self._zlib = zlib.compressobj() if compress else None

    async def send(self, frame: Json) -> None:
        """One frame, in the compressed stream if the client asked for it; to a client that is gone, nothing."""
        text = json.dumps(frame)
        with suppress(ConnectionError):
            if self.socket.closed:
                return
            if self._zlib is None:
                await self.socket.send_str(text)
            else:
                await self.socket.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))


class Gateway:
    """Every session there is; `counts` has how often `identify`, `resume` and `heartbeat` were accepted.

    `closed_with` are the codes by which the gateway ended connections; `refuse_resumes` answers the next ones with an
    invalid session. `acknowledges` may be set to False: a connection that is dead without being closed; `is_open` too:
    nobody can connect. `refuses_with` is a code with which every new session is refused.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.address = ""
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.counts: Counter[str] = Counter()
        self.closed_with: list[int] = []
        self.refuse_resumes = 0
        self.acknowledges = True
        self.is_open = True
        self.refuses_with = 0

    def routes(self) -> list[web.RouteDef]:
        """The first address, and the one that READY names for resuming."""
        return [web.get("/gateway", self._serve), web.get("/gateway/resume", self._serve)]

    def told(self) -> Json:
        """What GET /gateway/bot answers."""
        total = self.world.settings.sessions_a_day
        limit = {
            "total": total,
            "remaining": max(0, total - self.counts["identify"]),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return {"url": self.address, "shards": self.world.settings.shards, "session_start_limit": limit}

    def session_for(self, guild: Guild | None) -> Session | None:
        """The newest session whose shard has the guild; direct messages belong to shard 0."""
        fitting = [
            session for session in self.sessions.values()
            if session.shard[0] == (0 if guild is None else (guild.id >> 22) % session.shard[1])
        ]  # fmt: skip
        return next(reversed([one for one in fitting if one.connection] or fitting), None)

    async def add_guild(self, guild: Guild) -> None:
        """Tells of a guild that the bot has just joined."""
        session = self.session_for(guild)
        if session is not None:
            await session.dispatch("GUILD_CREATE", guild.create_event(self.world.bot))

    async def reconnect(self) -> None:
        """Asks every connection to come back and resume, as Discord does when a host is restarted."""
        for connection in list(self.connections):
            await connection.send({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Declares every session void; with `resumable` only disturbed."""
        for connection in list(self.connections):
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            await connection.send({"op": INVALID, "d": resumable})

    async def close(self, code: int) -> None:
        """Ends every connection with a code of the gateway."""
        for connection in list(self.connections):
            await connection.socket.close(code=code)

    def drop(self) -> int:
        """Cuts every connection without a word; returns how many there were."""
        connections, self.connections = list(self.connections), []
        for connection in connections:
            self._detach(connection)
            abort = getattr(connection.transport, "abort", None)
            if abort is not None:
                abort()
        return len(connections)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        if not self.is_open:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=4096, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, compress=request.query.get("compress") == "zlib-stream")
        self.connections.append(connection)
        try:
            await connection.send({"op": HELLO, "d": {"heartbeat_interval": self.world.settings.heartbeat_ms}})
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._take(connection, message.data)
        except Closed as closed:
            self.closed_with.append(closed.code)
            self.world.complain(f"the gateway closed with {closed.code}: {closed}")
            await socket.close(code=closed.code, message=str(closed).encode())
        finally:
            self._ended(connection)
        return socket

    async def _take(self, connection: Connection, text: str) -> None:
        now = self.world.clock.now()
        connection.frames.append(now)
        if len(connection.frames) > MOST_FRAMES_A_MINUTE and now - connection.frames[0] < 60:
            raise Closed(4008, "too many frames in a minute")
        try:
            frame = json.loads(text)
        except ValueError:
            raise Closed(4002, "a frame that is no JSON") from None
        match frame.get("op"):
            case 1:
                self.counts["heartbeat"] += 1
                if self.acknowledges:
                    await connection.send({"op": ACK, "d": None})
            case 2:
                await self._identify(connection, frame["d"])
            case 6:
                await self._resume(connection, frame["d"])
            case operation if operation in QUIET_OPERATIONS:
                if connection.session is None:
                    raise Closed(4003, "not identified")
            case operation:
                raise Closed(4001, f"unknown operation {operation}")

    async def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            raise Closed(4005, "identified twice on one connection")
        if data.get("token") != self.world.settings.token:
            raise Closed(4004, "wrong token")
        if self.refuses_with:
            raise Closed(self.refuses_with, "ordered by a test")
        shard = tuple(data.get("shard", (0, 1)))
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            raise Closed(4010, "no such shard")
        if shard[1] < self.world.settings.shards:
            raise Closed(4011, "more shards are needed")
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            raise Closed(4013, "unknown intents")
        if intents & PRIVILEGED & ~self.world.settings.privileged_intents:
            raise Closed(4014, "intents that this application was not granted")
        if self.counts["identify"] >= self.world.settings.sessions_a_day:
            self.world.settings.token = secrets.token_hex(16)
            self.world.complain("more sessions were started than a day allows; Discord resets the token")
            raise Closed(4004, "the token was reset")
        self.counts["identify"] += 1
        await self._ready(connection, Session(secrets.token_hex(16), shard, intents))

    async def _ready(self, connection: Connection, session: Session) -> None:
        connection.session, session.connection = session, connection
        self.sessions[session.id] = session
        index, shards = session.shard
        guilds = [guild for guild in self.world.guilds.values() if (guild.id >> 22) % shards == index]
        ready = {
            "v": 10,
            "user": self.world.bot.json,
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"{self.address}/resume",
            "shard": [index, shards],
            "application": {"id": str(self.world.application_id), "flags": 0},
        }
        await session.dispatch("READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                await session.dispatch("GUILD_CREATE", guild.create_event(self.world.bot))
        self.counts["ready"] += 1
        self.world.bell.ring()

    async def _resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self.world.settings.token:
            raise Closed(4004, "wrong token")
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or self.refuse_resumes:
            self.refuse_resumes = max(0, self.refuse_resumes - 1)
            await connection.send({"op": INVALID, "d": False})
            return
        if data["seq"] > session.sequence:
            raise Closed(4007, "resumed after an event that was never sent")
        connection.session, session.connection = session, connection
        for event in [event for event in session.events if event["s"] > data["seq"]]:
            await connection.send(event)
        await session.dispatch("RESUMED", {})
        self.counts["resume"] += 1
        self.world.bell.ring()

    def _ended(self, connection: Connection) -> None:
        session = connection.session
        self._detach(connection)
        if connection in self.connections:
            self.connections.remove(connection)
        if session is not None and session.connection is None and connection.socket.close_code in (1000, 1001):
            self.sessions.pop(session.id, None)
        self.world.bell.ring()

    def _detach(self, connection: Connection) -> None:
        if connection.session is not None and connection.session.connection is connection:
            connection.session.connection = None
