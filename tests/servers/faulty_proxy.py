"""A proxy on loopback that passes requests on to a server, and as it is told answers 500, cuts connections, keeps
silent, or loses an answer after the server did what was asked.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from time import sleep
from typing import Any

HOST = "127.0.0.1"
SILENT_SECONDS = 0.6
"""Longer than the clients of tests wait."""
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


class Fault(Enum):
    """What comes of one request."""

    NONE = "passed on and answered"
    REFUSED = "cut before it is passed on"
    ERROR = "answered 500, and not passed on"
    ERROR_AFTER = "passed on, and answered 500"
    LOST = "passed on, and cut without an answer"
    SHORT = "passed on, and the answer cut in the middle"
    SILENT = "not passed on, and not answered in time"
    LATE = "not answered in time, and passed on after"
    NOT_DONE = "answered 501, and not passed on"


PASSED_ON = frozenset({Fault.NONE, Fault.ERROR_AFTER, Fault.LOST, Fault.SHORT, Fault.LATE})
Told = tuple[int, list[tuple[str, str]], bytes]
ANSWERED: Mapping[Fault, Told] = {
    Fault.ERROR: (500, [], b""),
    Fault.NOT_DONE: (501, [], b"<Error><Code>NotImplemented</Code></Error>"),
}
Plan = Callable[[str, str], Fault]
"""Given method and path, what comes of a request."""


def nothing_fails(_method: str, _path: str) -> Fault:
    """All is passed on."""
    return Fault.NONE


class FaultyProxy:
    """One, until it is closed. `plan` may be another at any time."""

    def __init__(self, port: int) -> None:
        self.plan: Plan = nothing_fails
        self.without_conditions = False
        """Whether it answers 501 to whatever has one."""
        self.asked: list[tuple[str, str, Fault]] = []
        self._under_way = 0
        self._changed = threading.Condition()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                with proxy.working():
                    proxy.handle(self, port)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - the names are the library's

            def log_message(self, *_arguments: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Ends it; no request is under way then."""
        self.settle()
        self._server.shutdown()
        self._server.server_close()

    def settle(self) -> None:
        """Waits until what was asked is done, late requests too."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._under_way == 0, timeout=30)

    def working(self) -> FaultyProxy:
        """For as long as a request is under way."""
        return self

    def __enter__(self) -> None:
        with self._changed:
            self._under_way += 1

    def __exit__(self, *_exc_info: object) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def handle(self, request: BaseHTTPRequestHandler, port: int) -> None:
        """Does with a request what the plan says."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        fault = self.plan(request.command, request.path)
        if self.without_conditions and "If-None-Match" in request.headers:
            fault = Fault.NOT_DONE
        self.asked.append((request.command, request.path, fault))
        request.close_connection = True
        if fault in {Fault.SILENT, Fault.LATE}:
            sleep(SILENT_SECONDS)
        if fault in ANSWERED:
            _answer(request, *ANSWERED[fault])
            return
        found = _passed_on(request, body, port) if fault in PASSED_ON else None
        if found is None or fault in {Fault.LOST, Fault.LATE}:
            _cut(request)
        elif fault is Fault.ERROR_AFTER:
            _answer(request, *ANSWERED[Fault.ERROR])
        elif fault is Fault.SHORT:
            _answer(request, *found, most_bytes=len(found[2]) // 2)
            _cut(request)
        else:
            _answer(request, *found)


def _passed_on(request: BaseHTTPRequestHandler, body: bytes, port: int) -> Told:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        connection.request(request.command, request.path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def _answer(
    request: BaseHTTPRequestHandler,
    status: int,
    headers: list[tuple[str, str]],
    content: bytes,
    *,
    most_bytes: int | None = None,
) -> None:
    length = next((value for name, value in headers if name.lower() == "content-length"), str(len(content)))
    try:
        request.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", length)
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(content[:most_bytes])
    except OSError:
        return  # whoever asked has gone


def _cut(request: BaseHTTPRequestHandler) -> None:
    try:
        request.connection.shutdown(SHUT_RDWR)
    except OSError:
        return  # it is gone already
