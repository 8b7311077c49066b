"""Asks the running service over HTTP on this machine: one request, one answer, each within bounds.

It translates what can go wrong on the way into Faults, and a problem of the service (RFC 9457) into the refusal or the
fault that the same command would have met on a log of its own. Which routes there are is `over_http`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from adapters.cli.exits import REFUSAL_EXITS, Exit
from adapters.cli.output import Refused, malformed
from adapters.cli.reach.generation_exits import GENERATION_EXITS
from adapters.http.problems import DISK_FULL
from adapters.network.loopback import is_this_machine
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.faults import DiskFull, Fault
from domain.refusals import Reason

ANSWER_SECONDS = 60.0
"""How long the service may take for an ordinary request."""
MAX_ANSWER_BYTES = 256 * 1_048_576
MAX_TRIES = 3
"""Times a request with a key is sent where the connection is lost on the way; the key makes it one."""
FIGURES = ("limit", "used", "held", "window", "resets_at")


class ServiceUnavailable(Fault):
    """The service that holds the log gave no answer that can be used."""

    exit_code = int(Exit.UNAVAILABLE)


class Answered(NamedTuple):
    """An answer other than a problem."""

    body: bytes
    replayed: bool

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        try:
            parsed = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            raise ServiceUnavailable(
                "What answers at the address in the lock file does not answer as Abby does. "
                "Stop that program or the service, then run the command again."
            )
        return parsed


class ServiceClient:
    """The service at one address of this machine."""

    def __init__(self, address: str, service_pass: str | None = None) -> None:
        """`service_pass` is what the service left for the commands of its account.

        Raises ServiceUnavailable for an address that is not on this machine.
        """
        parts = urlsplit(address)
        if parts.scheme != "http" or not is_this_machine(parts.hostname or ""):
            raise ServiceUnavailable(
                f"The log is held by a service at {address}, which is no address of this machine. "
                "Use that service itself, or stop it."
            )
        self.address = address
        self._pass = service_pass
        self._host, self._port = parts.hostname, parts.port

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Answered | Refused:
        """Sends a request, and again under the same `key` where the connection is lost.

        Raises ServiceUnavailable and DiskFull.
        """
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = f'"{key}"'
        try:
            sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return malformed("An argument holds characters that are not text. Type it anew; nothing was asked for.")
        tries = MAX_TRIES if key else 1
        was_sent = False
        while True:
            tries -= 1
            try:
                status, replayed, received = self._send(method, path, sent, headers, seconds)
            except ConnectionRefusedError as error:
                raise (self._silent if was_sent else self._unreachable)(error) from error
            except (OSError, HTTPException) as error:
                was_sent = True
                if not tries or isinstance(error, TimeoutError):
                    raise self._silent(error) from error
            else:
                return Answered(received, replayed) if status < 300 else self._problem(status, received)

    def _headers(self) -> dict[str, str]:
        headers = {"Abby-Client": "cli", "Accept": "application/json"}
        return headers if self._pass is None else headers | {"Authorization": f"Bearer {self._pass}"}

    def look(self, path: str, *, seconds: float) -> Answered:
        """What stands at a path, whatever its status. Raises ServiceUnavailable."""
        try:
            _, replayed, received = self._send("GET", path, None, self._headers(), seconds)
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error
        return Answered(received, replayed)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bool, bytes]:
        connection = HTTPConnection(self._host or "", self._port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Idempotency-Replayed") == "true", _bounded(answer)
        finally:
            connection.close()

    def _unreachable(self, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"The service at {self.address} holds the log and cannot be reached ({error}), so nothing was changed. "
            "It may be starting or stopping: run the command again, or look at `abby doctor`."
        )

    def _silent(self, error: Exception) -> ServiceUnavailable:
        happened = "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return ServiceUnavailable(
            f"The service at {self.address} holds the log and gave no answer ({happened}), so it is not known whether "
            "this was done; a place may stay held until its reservation expires. Look at `abby events`, then run the "
            "command again."
        )

    def _problem(self, status: int, body: bytes) -> Refused:
        """The refusal that a problem stands for; raises the fault where it is one."""
        problem = Answered(body, replayed=False).json
        reason, detail = str(problem.get("reason", "")), str(problem.get("detail", problem.get("title", "")))
        if reason in Reason.__members__:
            figures = {name: problem[name] for name in FIGURES if name in problem}
            return Refused(reason, detail, REFUSAL_EXITS[Reason[reason]], figures)
        if reason in list(FailureKind):
            return Refused(reason, detail, GENERATION_EXITS[FailureKind(reason)])
        if problem.get("type") == DISK_FULL.type:
            raise DiskFull(detail)
        if status == 400:
            return malformed(detail)
        raise ServiceUnavailable(f"The service at {self.address} answered with HTTP {status}: {detail}")


def _bounded(answer: HTTPResponse) -> bytes:
    body = answer.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise HTTPException("its answer is too large")
    return body
