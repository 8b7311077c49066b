"""A proxy between a program and a PostgreSQL server, for tests: it knows where in an append a session is, and cuts,
stops or holds back there once, as it is told.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum, auto
from struct import unpack_from
from time import sleep

CONNECT_SECONDS = 5.0
UNTYPED = (80877102, 80877103, 80877104)
"""Asks for a cancelling, for TLS or for GSS: they come before a session begins, and the two last are answered with one
byte.
"""
ENDS_OF_A_REQUEST = b"QSXpFHdcf"
"""Kinds of messages after which a client waits."""


class Moment(Enum):
    """Where in an append a session is. What is asked is not yet passed on, and what is answered neither."""

    TURN_GIVEN = auto()
    APPEND_ASKED = auto()
    APPEND_ANSWERED = auto()
    COMMIT_ASKED = auto()
    COMMIT_ANSWERED = auto()


Act = Callable[["Link", bytes], bytes]
"""What is done at a moment with what is to be passed on: gives what is passed on instead."""

_ASKED = {"append": Moment.APPEND_ASKED, "commit": Moment.COMMIT_ASKED}
_ANSWERED = {"turn": Moment.TURN_GIVEN, "append": Moment.APPEND_ANSWERED, "commit": Moment.COMMIT_ANSWERED}


class Link:
    """One session through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.label: str | None = None
        """What is being asked."""
        self._statements: dict[bytes, bytes] = {}
        self._has_appended = False
        for work in (self._carry_questions, self._carry_answers):
            threading.Thread(target=work, daemon=True).start()

    def cut(self) -> None:
        """Ends it on both sides."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def cut_client(self) -> None:
        """Ends it on the program's side: the server does not hear of it."""
        self.proxy.hold(self)
        with suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)

    def cut_server(self) -> None:
        """Ends it on the server's side: the program does not hear of it."""
        self.proxy.hold(self)
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)

    def _carry_questions(self) -> None:
        try:
            for request in self._requests():
                self.label = self._label_of(request)
                moment = _ASKED.get(self.label or "")
                self.server.sendall(self.proxy.at(moment, self, request))
        except OSError:
            pass
        finally:
            if not self.proxy.is_held(self):
                self.cut()

    def _carry_answers(self) -> None:
        held = b""
        try:
            while data := self.server.recv(65_536):
                held += data
                if self.label in _ANSWERED and not held.endswith((b"Z\0\0\0\5I", b"Z\0\0\0\5T", b"Z\0\0\0\5E")):
                    continue
                moment = _ANSWERED.get(self.label or "")
                answer, held = self.proxy.at(moment, self, held), b""
                self.client.sendall(answer)
            self.client.sendall(held)
        except OSError:
            pass
        finally:
            if not self.proxy.is_held(self):
                self.cut()

    def _requests(self) -> Iterator[bytes]:
        """What the client sends, up to where it waits for an answer."""
        buffer, request, has_begun = b"", b"", False
        while data := self.client.recv(65_536):
            buffer += data
            while len(buffer) >= 5:
                size = unpack_from("!i", buffer, 1 if has_begun else 0)[0] + has_begun
                if len(buffer) < size:
                    break
                message, buffer = buffer[:size], buffer[size:]
                if not has_begun:
                    has_begun = unpack_from("!i", message, 4)[0] not in UNTYPED
                    yield message
                    continue
                request += message
                if message[0] in ENDS_OF_A_REQUEST:
                    yield request
                    request = b""

    def _label_of(self, request: bytes) -> str | None:
        text = b""
        for kind, body in _messages(request):
            if kind == b"Q":
                text = body
            elif kind == b"P":
                name, _, rest = body.partition(b"\0")
                self._statements[name] = text = rest
            elif kind == b"B":
                text = self._statements.get(body.split(b"\0")[1], b"")
        if b"dcb_unconditional_append" in text:
            self._has_appended = True
            return "append"
        if b"pg_advisory_xact_lock" in text:
            return "turn"
        if text.startswith(b"COMMIT") and self._has_appended:
            self._has_appended = False
            return "commit"
        return None


def _messages(request: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 5 <= len(request):
        size = unpack_from("!i", request, at + 1)[0]
        yield request[at : at + 1], request[at + 5 : at + 1 + size]
        at += 1 + size


class Proxy:
    """Listens on a port of loopback, and passes on to a server's."""

    def __init__(self, port: int, *, own_port: int = 0) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", own_port))
        self.port: int = self._listener.getsockname()[1]
        self._guard = threading.Lock()
        self._armed: tuple[Moment, Act] | None = None
        self.happening, self.happened = threading.Event(), threading.Event()
        """Set once what was armed begins, and once it has happened."""
        self._held: set[Link] = set()
        self._links: list[Link] = []
        self._unanswered: list[socket.socket] = []
        self.is_silent = False
        """While it is, whoever connects gets no answer."""
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, moment: Moment, act: Act) -> None:
        """What is done once, at the next such moment of any session."""
        with self._guard:
            self.happening.clear()
            self.happened.clear()
            self._armed = (moment, act)

    def at(self, moment: Moment | None, link: Link, data: bytes) -> bytes:
        """What is passed on, after what was armed for this moment."""
        with self._guard:
            if moment is None or self._armed is None or self._armed[0] is not moment:
                return data
            act, self._armed = self._armed[1], None
        self.happening.set()
        try:
            return act(link, data)
        finally:
            self.happened.set()

    def hold(self, link: Link) -> None:
        """When one side of this session ends, the other stays as it is."""
        self._held.add(link)

    def is_held(self, link: Link) -> bool:
        """Whether it does."""
        return link in self._held

    def cut_all(self) -> None:
        """Ends every session."""
        for link in self._links:
            link.cut()
        self._links.clear()

    def close(self) -> None:
        """Ends all, and refuses whoever comes."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        for client in self._unanswered:
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_silent:
                self._unanswered.append(client)
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port), CONNECT_SECONDS)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._links.append(Link(self, client, server))


def cut(link: Link, _data: bytes) -> bytes:
    """The session ends before this is passed on."""
    link.cut()
    return b""


def cut_after(link: Link, data: bytes) -> bytes:
    """A question is passed on, and nobody hears the answer."""
    link.server.sendall(data)
    link.cut()
    return b""


def late(seconds: float) -> Act:
    """The program's side ends, and the server gets the question so much later."""

    def act(link: Link, data: bytes) -> bytes:
        link.cut_client()

        def deliver() -> None:
            sleep(seconds)
            with suppress(OSError):
                link.server.sendall(data)
                sleep(seconds)
            link.cut()

        threading.Thread(target=deliver, daemon=True).start()
        return b""

    return act


def slow(seconds: float) -> Act:
    """It is passed on so much later."""

    def act(_link: Link, data: bytes) -> bytes:
        sleep(seconds)
        return data

    return act


def first(do: Callable[[], None]) -> Act:
    """Something is done before it is passed on."""

    def act(_link: Link, data: bytes) -> bytes:
        do()
        return data

    return act
