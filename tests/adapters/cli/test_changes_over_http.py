"""The writing commands where a service holds the log: it carries them out, and their answers are the same."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.results import Changed
from adapters.cli import main
from adapters.cli.output import Refused
from adapters.cli.reach.service_client import Answered, ServiceClient, ServiceUnavailable
from adapters.engines.opening import open_store
from adapters.ports.faults import DiskFull
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import SMALL, WAIT_SECONDS, Service, holding, serving, write_env_file

TOO_LARGE = ("9" * 20, str(2**53))
"""Numbers that no limit and no size may be; some of them are too large for the JSON of others."""
WRONG_NUMBERS = [
    *(("limits", "ada", "--daily", number) for number in TOO_LARGE),
    *(("limits", "ada", "--storage-mb", number) for number in (*TOO_LARGE, "9" * 5_000, "nan", "inf", "1e400")),
    *(("cleanup", "--days", number) for number in TOO_LARGE),
    *(("generate", "a fox", f"--{option}", number) for option in ("seed", "width", "height") for number in TOO_LARGE),
    ("reset", "ada", "--reason", "\udcff"),
    ("generate", "\udcff"),
]
ANSWER = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


def test_further_limits_of_a_user_are_carried_on(abby: Abby, service: Service) -> None:
    """They stand as they were where another limit is changed, beside a service too."""
    windows = {"user/week/generations": 9, "user/month/credits": 2.505}
    told = put(service, "/v1/admin/users/ada/limits", {"windows": windows, "reason": "a prize"})
    assert told["changed"]
    assert abby("limits", "ada", "--yes", "--daily", "2", "--json").code == 0
    with urlopen(f"{service.address}/v1/admin/users/ada/limits") as answer:
        own = json.load(answer)
    assert (own["daily"], own["windows"]) == (2, windows)


def put(service: Service, path: str, body: dict[str, Any]) -> Any:
    """What the service answers."""
    kind = {"Content-Type": "application/json"}
    with urlopen(Request(service.address + path, json.dumps(body).encode(), kind, method="PUT")) as answer:
        return json.load(answer)


@pytest.mark.usefixtures("service")
def test_every_change_goes_through_the_service(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """Each answers in the shape it has without a service, and the log says what asked over HTTP, by its own word."""
    out = tmp_path / "fox.png"
    made = abby("generate", "a fox", "--user", "ada", *SMALL, "--seed", "7", "--out", str(out), "--json")
    assert made.code == 0, made.err
    assert fits("generate", made.json)
    kept = made.json["pictures"][0]["image"]
    assert out.read_bytes() == Path(kept["path"]).read_bytes()
    for words, schema in (
        (("limits", "ada", "--daily", "2", "--storage-mb", "3", "--until", "2999-01-01"), "status"),
        (("reset", "ada", "--reason", "a mistake"), "status"),
        (("cleanup", "--days", "0"), "cleanup"),
        (("cleanup", "--days", "0", "--dry-run"), "cleanup"),
        (("limits", "--everybody", "--daily", "4", "--dry-run"), "limits-everybody"),
        (("limits", "--everybody", "--daily", "4"), "limits-everybody"),
        (("delete", "ada", kept["name"]), "delete"),
    ):
        told = abby(*words, "--json")
        assert told.code == 0, told
        assert fits(schema, told.json)
    lines = [json.loads(line) for line in (root / "logs" / "events.jsonl").read_text("utf-8").splitlines()[1:]]
    ours = [line["data"] for line in lines if line["data"]["by"] == "claimed:cli"]
    assert {data["origin"] for data in ours} == {"http"}
    assert [line["type"] for line in lines if line["data"]["by"] == "claimed:cli"] == [
        "GenerationReserved",
        "GenerationCompleted",
        "ImageSaved",
        "LimitsOverridden",
        "DailyCountReset",
        "PolicyChanged",
        "ImageDeleted",
    ]
    assert ours[3]["limits"] == {"user_bytes": 3 * 1_048_576, "daily": 2}
    assert ours[3]["until"] == "2999-01-01T00:00:00.000000Z"
    assert "request" in ours[0]
    assert "request" in ours[-1]


def test_refusals_are_the_same_words(abby: Abby, service: Service, fits: Any) -> None:
    """The sentence, the figures and the exit code of a refusal do not tell where it was decided."""
    assert abby("limits", "ada", "--yes", "--daily", "0").code == 0
    told = abby("generate", "x", "--user", "ada", *SMALL)
    assert (told.code, told.out) == (1, "")
    assert "Daily limit reached: 0 of 0" in told.err
    as_json = abby("generate", "x", "--user", "ada", *SMALL, "--json")
    assert fits("refused", as_json.json)
    assert as_json.json["refused"]["resets_at"].endswith("T00:00:00.000000Z")
    missing = abby("delete", "ada", "nope.png", "--json")
    assert (missing.code, missing.json["refused"]["reason"]) == (1, "NOT_FOUND")
    wrong = abby("generate", "x", "--style", "nonsense", "--json")
    assert (wrong.code, wrong.json["refused"]["reason"]) == (2, "bad_request")
    long = abby("reset", "ada", "--reason", "x" * 201, "--json")
    assert (long.code, long.json["refused"]["reason"]) == (2, "MALFORMED")
    clock = abby("clock-corrected")
    assert clock.code == 73
    assert "stop that" in clock.err
    assert service.address in clock.err


def test_a_picture_that_the_service_may_not_keep(
    abby: Abby, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: Any
) -> None:
    """Its bytes come with the answer, and are written to a new file."""
    settings = write_env_file(tmp_path / "tight.env", MAX_USER_STORAGE_MB="0", IMAGE_GEN_SIZE_MB="0.000001")
    monkeypatch.chdir(tmp_path)
    with serving(root, settings):
        refused = abby("generate", "x", *SMALL, "--json")
        assert refused.json["refused"]["reason"] == "USER_STORAGE"
        assert abby("limits", "local", "--yes", "--storage-mb", "0.00001", "--json").code == 0
        told = abby("generate", "x", *SMALL, "--json")
    assert told.code == 1
    assert fits("generate", told.json)
    assert (tmp_path / told.json["pictures"][0]["file"]).read_bytes().startswith(b"\x89PNG")


def test_a_second_service_is_refused_with_the_address(
    root: Path, env_file: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """73, naming the process and where it serves."""
    assert main(["--root", str(root), "--env-file", str(env_file), "serve"]) == 73
    said = capsys.readouterr().err
    assert service.address in said
    assert str(service.process.pid) in said


def test_serve_ends_in_order_when_it_is_told_to(root: Path, service: Service) -> None:
    """SIGTERM ends it with 0, and what was acknowledged is in a whole log."""
    service.process.send_signal(signal.SIGTERM)
    service.process.communicate(timeout=WAIT_SECONDS)
    assert service.process.returncode == 0
    assert main(["--root", str(root), "verify"]) == 0


class Server:
    """A service that answers connections, one after the other, as it is told: bytes, or b"" to hang up."""

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._closing = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._socket.accept()
            with connection:
                if self._closing:
                    return
                self.requests.append(connection.recv(65_536))
                connection.sendall(answer)

    def close(self) -> None:
        """Ends the server; an answer that nobody asked for is not waited for."""
        self._closing = True
        with suppress(OSError):  # it has ended already
            socket.create_connection(self._socket.getsockname(), WAIT_SECONDS).close()
        self._thread.join(WAIT_SECONDS)
        self._socket.close()


def answered(status: int, body: dict[str, Any]) -> bytes:
    """An answer in JSON."""
    data = json.dumps(body).encode()
    return ANSWER % (status, len(data), data)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with the answers that the test names."""
    made = Server(*request.param)
    yield made
    made.close()


def body_of(answer: Answered | Refused) -> dict[str, Any]:
    """The JSON of an answer that is no refusal."""
    assert isinstance(answer, Answered)
    return answer.json


def key_of(sent: bytes) -> bytes:
    """The idempotency key of a request."""
    (line,) = (line for line in sent.split(b"\r\n") if line.lower().startswith(b"idempotency-key:"))
    return line


@pytest.mark.parametrize("server", [(b"", b"", answered(200, {"done": True}))], indirect=True)
def test_a_lost_connection_is_tried_again_under_the_same_key(server: Server) -> None:
    """The answer may have been lost after the change was made; the key makes the repeats one change."""
    answer = ServiceClient(server.address).ask("POST", "/x", {"a": 1}, key="k1")
    assert body_of(answer) == {"done": True}
    assert len({key_of(sent) for sent in server.requests}) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("server", [(b"", answered(200, {"done": True}))], indirect=True)
def test_without_a_key_nothing_is_sent_twice(server: Server) -> None:
    """It is not known whether it was done, and that is what the sentence says."""
    with pytest.raises(ServiceUnavailable, match="not known whether"):
        ServiceClient(server.address).ask("GET", "/x")


@pytest.mark.parametrize("server", [(b"", b"", b"")], indirect=True)
def test_tries_come_to_an_end(server: Server) -> None:
    """A service that hangs up each time is unavailable."""
    with pytest.raises(ServiceUnavailable):
        ServiceClient(server.address).ask("POST", "/x", {}, key="k1")


@pytest.mark.parametrize(
    "server",
    [(answered(507, {"type": "urn:abby-ledger:problem:disk-full", "detail": "The disk is full."}),)],
    indirect=True,
)
def test_a_full_disk_of_the_service_is_a_full_disk(server: Server) -> None:
    """The fault, and with it exit code 74, is that of a log of one's own."""
    with pytest.raises(DiskFull, match="The disk is full"):
        ServiceClient(server.address).ask("POST", "/x", {}, key="k1")


@pytest.mark.parametrize("server", [(answered(503, {"reason": "BUSY", "detail": "Too many."}),)], indirect=True)
def test_a_busy_service_is_unavailable(server: Server) -> None:
    """69, with the service's sentence."""
    assert ServiceClient(server.address).ask("POST", "/x", {}, key="k1") == Refused("BUSY", "Too many.", 69, {})


@pytest.mark.parametrize(
    "server",
    [
        (answered(500, {"detail": "It failed."}),),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",),
        (b"nonsense\r\n\r\n",),
    ],
    indirect=True,
)
def test_what_is_no_answer_of_ours_is_unavailable(server: Server) -> None:
    """A failure inside, another program's page, and what is no HTTP: one kind of fault, no traceback."""
    with pytest.raises(ServiceUnavailable):
        body_of(ServiceClient(server.address).ask("GET", "/x"))


def test_a_service_that_says_nothing_is_not_waited_for_for_ever() -> None:
    """The bound is on the whole wait for an answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = ServiceClient(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ServiceUnavailable, match="took too long"):
            client.ask("POST", "/x", {}, key="k1", seconds=0.2)


@pytest.mark.parametrize("address", ["https://127.0.0.1:1", "http://example.org:80", "ftp://localhost", "nonsense"])
def test_only_this_machine_is_asked(address: str) -> None:
    """An address in a lock file is followed only to a loopback one."""
    with pytest.raises(ServiceUnavailable, match="no address of this machine"):
        ServiceClient(address)


@pytest.mark.parametrize("server", [(answered(200, {"files": 3, "freed_bytes": 2048}),)], indirect=True)
def test_a_service_that_tells_its_address_late_is_waited_for(abby: Abby, root: Path, server: Server) -> None:
    """A command beside a service that is just starting does not fail for the moment between lock and address."""
    open_store(root).close()
    with holding(root, server.address, after_seconds=0.3):
        told = abby("cleanup")
    assert told.code == 0, told.err
    assert "Removed 3 temp files: 2 kB freed." in told.out


def test_a_number_too_large_is_refused_by_the_service_as_without_one(abby: Abby, root: Path, env_file: Path) -> None:
    """With a sentence, never with a traceback; and nothing is recorded. So is a text that is none."""
    store = open_store(root)
    assert isinstance(reset_daily_blocking(store, "ada", "so that the log knows them"), Changed)
    store.close()
    alone = [abby(*words) for words in WRONG_NUMBERS]
    with serving(root, env_file):
        through = [abby(*words) for words in WRONG_NUMBERS]
    assert b'cli"' not in (root / "logs" / "events.jsonl").read_bytes()
    for words, one, other in zip(WRONG_NUMBERS, alone, through, strict=True):
        assert (one.code, other.code) == (2, 2), words
        assert one.err == other.err or "\udcff" in words
        assert "Traceback" not in other.err
    assert any("A limit must be a whole number from 0 to 9007199254740991." in told.err for told in through)
