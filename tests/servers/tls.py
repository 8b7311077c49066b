"""TLS before a PostgreSQL server that was built without it, as the wheel's is."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import closing, suppress

SSL_REQUEST_BYTES = 8
BLOCK_BYTES = 65536


class TLSProxy:
    """Listens on a port of loopback, answers that it speaks TLS, and passes on to a server's what it is told."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._server_port = port
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Refuses whoever comes."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), closing(client):
            client.recv(SSL_REQUEST_BYTES)
            client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as there,
                socket.create_connection(("127.0.0.1", self._server_port)) as server,
            ):
                threading.Thread(target=_pass_on, args=(server, there), daemon=True).start()
                _pass_on(there, server)


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(BLOCK_BYTES):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
