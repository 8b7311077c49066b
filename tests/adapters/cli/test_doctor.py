"""`abby doctor`: a finding for each thing that commonly stands in the way, with what to do, and no secret shown."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.followed_root import FollowedRoot
from adapters.application.governing import reset_daily_blocking
from adapters.application.saving import NewImage, save_image
from adapters.cli.checks import log as log_checks
from adapters.cli.checks import storage as storage_checks
from adapters.cli.checks.file_system import weak_file_system
from adapters.cli.checks.finding import Level
from adapters.discord.bot_state import Remembered
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, default_engines
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import rechecking
from adapters.ledger import snapshotting
from adapters.ports.clock import utc_now
from adapters.settings.config import load_config
from domain.commands import SetPolicy
from domain.instants import later
from domain.refusals import Refusal
from tests.adapters.application.stuck_disk import StuckDisk
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import Service, holding, png, serving, write_env_file
from tests.adapters.eventlog.jsonl.logs import as_killed

GOOD_KEY = "sk-" + "Ab1" * 16
GOOD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe." + "x_Y-9" * 8  # the first part is a number in base64
CHECKS = [
    ".env",
    "access",
    "clock",
    "digest",
    "disk",
    "key",
    "lock",
    "log",
    "port",
    "price",
    "provider",
    "root",
    "settings",
    "token",
    "versions",
    "webhooks",
]

Doctor = Callable[..., dict[str, Any]]


class DiskOfSize(Files):
    """A file system with so much room."""

    def __init__(self, free_bytes: int) -> None:
        super().__init__()
        self._free_bytes = free_bytes

    def free_bytes(self, path: Path) -> int:  # noqa: ARG002 - the port's signature; every path has the same room
        """So many bytes."""
        return self._free_bytes


@pytest.fixture
def doctor(abby: Abby, fits: Any) -> Doctor:
    """The findings by their check; the exit code is 1 exactly where one is FAIL."""

    def examine(**options: Any) -> dict[str, Any]:
        told = abby("doctor", "--json", **options)
        assert fits("doctor", told.json)
        findings = told.json["checks"]
        levels = [finding["level"] for finding in findings]
        assert told.code == (1 if "FAIL" in levels else 0)
        assert told.json["worst"] == max(levels, key=["OK", "WARN", "FAIL"].index)
        assert all(finding["advice"] for finding in findings if finding["level"] != "OK")
        return {finding["check"]: finding for finding in findings}

    return examine


def test_a_fresh_machine(doctor: Doctor, abby: Abby, root: Path) -> None:
    """Nothing is there and nothing is wrong; looking makes nothing."""
    findings = doctor()
    assert sorted(findings) == CHECKS
    assert {name for name, finding in findings.items() if finding["level"] == "FAIL"} == set()
    assert "not there yet" in findings["root"]["found"]
    assert "no log" in findings["log"]["found"]
    assert "0 failures" in abby("doctor").out
    assert not root.exists()


def test_a_root_in_use(doctor: Doctor, root: Path, env_file: Path) -> None:
    """The figures of the log: whole, its last event, what the pool still promises; and looking changes no file."""
    store = open_store(root, limits=SetPolicy(pool_bytes=3_000_000))
    asyncio.run(save_image(store, NewImage("ada", png(900_000))))
    store.close()
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    findings = doctor()
    assert {name for name, finding in findings.items() if finding["level"] == "FAIL"} == set()
    assert "3 events" in findings["log"]["found"]
    assert "promises 2.0 MB" in findings["disk"]["found"]
    assert str(env_file) in findings[".env"]["found"]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "value", "check", "told"),
    [
        ("HTTP_PORT", "eighty", "settings", ("FAIL", "HTTP_PORT")),
        ("MAX_USER_STORAGEMB", "5", "settings", ("WARN", "MAX_USER_STORAGE_MB")),
        ("GENERATOR", "openai", "provider", ("FAIL", "OPENAI_API_KEY is not set")),
        ("GENERATOR", "auto", "provider", ("OK", "made by: sketch. GENERATOR=auto")),
        ("STABILITY_API_KEY", GOOD_KEY, "key", ("OK", "looks like")),
        ("STABILITY_API_KEY", "my-secret-key", "key", ("WARN", "does not look")),
        ("HTTP_PORT", "0", "digest", ("OK", "No week's digest is posted")),
        ("DISCORD_DIGEST_AT", "mon 8", "settings", ("FAIL", "it takes a day of the week and an hour in UTC")),
        ("DISCORD_DIGEST_CHANNELS", "#managers", "settings", ("FAIL", "'#managers' is no id of a channel")),
        ("DISCORD_MANAGERS_CHANNEL", "5", "digest", ("WARN", "there is no bot that could post a digest")),
        ("HTTP_PORT", "0", "webhooks", ("OK", "WEBHOOK_URL is not set")),
        ("WEBHOOK_URL", "https://hooks.example/T0", "webhooks", ("FAIL", "WEBHOOK_SECRET is not set")),
        ("WEBHOOK_SECRET", "whsec_short", "settings", ("FAIL", "WEBHOOK_SECRET")),
        ("DISCORD_TOKEN", GOOD_TOKEN, "token", ("OK", "looks like")),
        ("DISCORD_TOKEN", "my-secret-token", "token", ("WARN", "does not look")),
        ("DISCORD_TOKEN", "letters-not-digits12.GabcDe." + "x" * 38, "token", ("WARN", "does not look")),
    ],
)
def test_a_setting_is_judged(
    doctor: Doctor, tmp_path: Path, name: str, value: str, check: str, told: tuple[str, str]
) -> None:
    """Each as far as it can be without asking anybody."""
    finding = doctor(env_file=write_env_file(tmp_path / "other.env", **{name: value}))[check]
    level, words = told
    assert finding["level"] == level
    assert words in finding["found"]


def test_where_webhooks_go_and_how_far_they_are_is_told(doctor: Doctor, root: Path, tmp_path: Path) -> None:
    """By the receiver's host, as its path may be a secret; a cursor that cannot be read is something to do."""
    secret = "whsec_" + "YWJj" * 10
    file = write_env_file(tmp_path / "hooks", WEBHOOK_URL="https://hooks.example/T0-path", WEBHOOK_SECRET=secret)
    assert "None was told yet" in doctor(env_file=file)["webhooks"]["found"]
    (root / "logs").mkdir(parents=True, exist_ok=True)
    (root / "logs/webhooks.json").write_text('{"format":1,"marks":[[1234,"msg_a"]]}')
    told = doctor(env_file=file)["webhooks"]
    assert told["found"].startswith("ThresholdCrossed go to https://hooks.example. Told up to 1,234.")
    assert "T0-path" not in str(told)
    (root / "logs/webhooks.json").write_text("{")
    told = doctor(env_file=file)["webhooks"]
    assert told["level"] == "WARN"
    assert "remove it" in told["advice"]


def test_what_keeps_a_digest_from_its_channel_is_told(doctor: Doctor, root: Path, tmp_path: Path) -> None:
    """As the bot found it when it looked last; where nothing does, when it is posted and which was."""
    file = write_env_file(
        tmp_path / "other.env", DISCORD_TOKEN=GOOD_TOKEN, DISCORD_DIGEST_CHANNELS="5,6", DISCORD_DIGEST_AT="friday 9"
    )
    told = doctor(env_file=file)["digest"]
    assert told["found"] == "Each week's digest goes to 2 channels, Friday 09:00 UTC. None was posted yet."
    open_store(root).close()
    remembered = Remembered(root)
    remembered.put("digest 6", "2026-W48")
    remembered.put("digest trouble 5", "Channel 5 is not there.")
    told = doctor(env_file=file)["digest"]
    assert (told["level"], told["found"]) == ("WARN", "Channel 5 is not there.")
    remembered.put("digest trouble 5", "")
    assert doctor(env_file=file)["digest"]["found"].endswith("The last that was posted is that of 2026-W48.")


def test_all_warnings_of_the_settings_are_told_in_one_finding(doctor: Doctor, tmp_path: Path) -> None:
    """First the names that look misspelt, then the key that would be sent in the clear."""
    file = write_env_file(
        tmp_path / "other.env", HTTP_PROT="1", GENERATOR="openai", OPENAI_HOST="http://a.example", OPENAI_API_KEY="sk-x"
    )
    finding = doctor(env_file=file)["settings"]
    assert (finding["level"], finding["advice"]) == ("WARN", "Correct or remove them.")
    assert finding["found"] == (
        f"HTTP_PROT ({file} line 3) is not a setting and is ignored; did you mean HTTP_PORT?; "
        "OPENAI_HOST begins with http://, so the key is sent unencrypted; use https://"
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_secret_is_shown(abby: Abby, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Good or bad, a key or token is named and never printed."""
    for key, token in ((GOOD_KEY, GOOD_TOKEN), ("my-secret-key", "my-secret-token")):
        file = write_env_file(tmp_path / "secrets.env", STABILITY_API_KEY=key, DISCORD_TOKEN=token)
        shown = "".join(abby("doctor", *options, env_file=file).out.split())
        assert key not in shown
        assert token not in shown


def test_a_root_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    """A file stands where the folder belongs."""
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    assert doctor(root=file)["root"]["level"] == "FAIL"
    assert doctor(root=file / "below")["root"]["level"] == "FAIL"


def test_a_damaged_log(doctor: Doctor, root: Path) -> None:
    """FAIL, with the place; the checks that need no log still say theirs."""
    store = open_store(root)
    reset_daily_blocking(store, "ada", "number 1")
    store.close()
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"number 1", b"number 7"))
    findings = doctor()
    assert findings["log"]["level"] == "FAIL"
    assert "position 2" in findings["log"]["found"]
    assert findings["clock"]["level"] == "OK"


def test_a_torn_end(doctor: Doctor, root: Path) -> None:
    """WARN: nothing acknowledged is missing, and the next start sets it aside."""
    open_store(root).close()
    as_killed(root)
    with (root / "logs" / "events.jsonl").open("ab") as file:
        file.write(b'{"pos"')
    assert doctor()["log"]["level"] == "WARN"


def test_files_that_could_not_be_removed_or_moved(doctor: Doctor, root: Path) -> None:
    """WARN, with their number and some names: the deletion was answered, and the bytes are still there."""
    disk = StuckDisk()
    store = open_store(root, files=disk)
    asyncio.run(save_image(store, NewImage("ada", png(), name="a.png")))
    disk.stuck = True
    assert not isinstance(delete_image_blocking(store, "ada", "a.png"), Refusal)
    asyncio.run(save_image(store, NewImage("ada", png(), name="b.png")))
    store.opened().checkpoint()  # of a log that is being written only what is surely on the disk is looked at
    while_held = doctor()["undone"]
    store.close()
    assert while_held == doctor()["undone"]
    assert while_held["level"] == "WARN"
    assert "2 files" in while_held["found"]
    assert "ada/a.png, ada/b.png" in while_held["found"]
    open_store(root).close()
    assert "undone" not in doctor()


def test_a_long_log_is_read_as_a_start_reads_it(doctor: Doctor, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its newest snapshot on, and the finding says what was not read; a short one is read whole."""
    # A stop leaves a snapshot after a thousand events only.
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png(), name="a.png")))
    store.close()
    assert "3 events in" in doctor()["log"]["found"]
    # A log of more than 32 MiB takes long to write.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", 0)
    found = doctor()
    assert found["log"]["level"] == "OK"
    assert "read from position 3 on: 0 events after it" in found["log"]["found"]
    assert "abby verify" in found["log"]["found"]
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b"a.png", b"b.png"))
    monkeypatch.undo()
    assert doctor()["log"]["level"] == "FAIL", "what a start would refuse"


def test_a_log_that_is_gone(doctor: Doctor, root: Path) -> None:
    """A watermark without a log is no fresh root."""
    open_store(root).close()
    (root / "logs" / "events.jsonl").unlink()
    assert doctor()["log"]["level"] == "FAIL"


@pytest.mark.parametrize("kept", [True, False], ids=["with an image", "with a watermark"])
def test_logs_that_are_gone(doctor: Doctor, abby: Abby, root: Path, kept: bool) -> None:
    """FAIL where `serve` refuses: images, or what belongs to a log, say that there was one."""
    store = open_store(root)
    if kept:
        asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    shutil.rmtree(root / "logs") if kept else (root / "logs/events.jsonl").unlink()
    finding = doctor()["log"]
    assert (finding["level"], "There is no log" in finding["found"]) == ("FAIL", True)
    assert abby("serve").code == 65


@pytest.mark.parametrize("is_cut", [False, True], ids=["gone", "cut off"])
def test_images_that_are_gone(doctor: Doctor, root: Path, is_cut: bool) -> None:
    """WARN, as readiness does: they stay charged."""
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    (root / "images/users/ada/image_1.png").write_bytes(b"x") if is_cut else shutil.rmtree(root / "images")
    finding = doctor()["images"]
    assert (finding["level"], "ada/image_1.png" in finding["found"]) == ("WARN", True)


def test_an_address_for_other_machines(doctor: Doctor, abby: Abby, tmp_path: Path) -> None:
    """FAIL, with the words of the start that is refused."""
    file = write_env_file(tmp_path / "other.env", HTTP_HOST="0.0.0.0")
    finding = doctor(env_file=file)["access"]
    assert finding["level"] == "FAIL"
    assert finding["found"] in abby("serve", env_file=file).err.replace("\n", " ")


WRITTEN = ["images/.staged", "images/users", "images/users/ada", "images/users/ada/text_to_image"]
WRITTEN += ["images/users/ada/.details", "images/users/ada/.details/text_to_image", "temp", "logs/snapshots"]


@pytest.mark.parametrize("is_link", [False, True], ids=["a file", "a link"])
def test_what_stands_where_a_folder_belongs(doctor: Doctor, root: Path, tmp_path: Path, is_link: bool) -> None:
    """FAIL, and it is named, for each folder that a command would write; in its place again, all is well."""
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png(), name="text_to_image", details={"prompt": "a cat"})))
    asyncio.run(save_image(store, NewImage("ada", png(), temp=True)))
    store.close()
    for folder in WRITTEN:
        path = root / folder
        path.mkdir(exist_ok=True)
        path.rename(tmp_path / "away")
        path.symlink_to(tmp_path / "away") if is_link else path.write_bytes(b"in the way")
        finding = doctor()["files"]
        followed = is_link and "/" not in folder
        assert finding["level"] == ("OK" if followed else "FAIL"), folder
        assert followed or folder in finding["found"]
        assert finding["found"].count(f"{folder} is a") <= 1
        path.unlink()
        (tmp_path / "away").rename(path)
    assert doctor()["files"]["level"] == "OK"


def test_a_log_that_is_write_protected(doctor: Doctor, root: Path) -> None:
    """FAIL where a start is refused, whoever asks."""
    open_store(root).close()
    (root / "logs/events.jsonl").chmod(0o444)
    finding = doctor()["files"]
    assert (finding["level"], "write-protected" in finding["found"]) == ("FAIL", True)


def test_an_unfinished_adoption(doctor: Doctor, root: Path) -> None:
    """FAIL, with the command that ends it."""
    open_store(root).close()
    (root / "logs" / "adopting").write_text("/old/images\n", encoding="utf-8")
    finding = doctor()["adoption"]
    assert (finding["level"], "adopt /old/images --yes" in finding["advice"]) == ("FAIL", True)


def test_the_clock_is_behind_the_log(doctor: Doctor, root: Path) -> None:
    """FAIL where commands are refused, with the way out."""
    store = open_store(root, clock=lambda: "2999-01-01T00:00:00.000000Z")
    store.close()
    finding = doctor()["clock"]
    assert finding["level"] == "FAIL"
    assert "abby clock-corrected" in finding["advice"]


@pytest.mark.parametrize(
    ("seconds", "level"),
    [
        (-86_401, Level.FAIL),
        (-86_400, Level.WARN),
        (-61, Level.WARN),
        (-60, Level.OK),
        (0, Level.OK),
        (86_400, Level.OK),
    ],
)
def test_how_far_the_clock_may_be_behind(root: Path, seconds: int, level: Level) -> None:
    """A minute is nothing, up to a day the log's time is used, beyond it commands are refused."""
    open_store(root).close()
    with closing(FollowedRoot(root, engines=default_engines(), clock=utc_now)) as followed:
        state = followed.projector.state
    assert log_checks.clock_shows(later(state.last_at, seconds=seconds), state).level is level


@pytest.mark.parametrize("now", ["1970-01-01T00:00:10.000000Z", "2101-01-01T00:00:00.000000Z"])
def test_a_clock_that_was_never_set(now: str) -> None:
    """FAIL, without any log to compare it with."""
    assert log_checks.clock_shows(now, None).level is Level.FAIL


@pytest.mark.parametrize(
    ("free_bytes", "level"),
    [
        (1_000, Level.FAIL),
        (16 * 1_048_576, Level.WARN),
        (5000 * 1_048_576 - 1, Level.WARN),
        (5000 * 1_048_576, Level.OK),
    ],
)
def test_the_disk_and_what_the_pool_promises(root: Path, env_file: Path, free_bytes: int, level: Level) -> None:
    """Nearly full, less than promised, enough."""
    config = load_config({"STORAGE_ROOT": root}, env_file)
    assert storage_checks.disk(config, default_engine(), None, DiskOfSize(free_bytes)).level is level


def test_who_holds_the_log(doctor: Doctor, root: Path) -> None:
    """An embedding program is named and is no failure; afterwards nobody holds it, although the file still names it."""
    with holding(root) as pid:
        findings = doctor()
        assert (findings["lock"]["level"], f"process {pid}" in findings["lock"]["found"]) == ("OK", True)
        assert "port" not in findings
    assert "Nobody holds" in doctor()["lock"]["found"]


def test_a_running_service(doctor: Doctor, service: Service) -> None:
    """It is asked whether it is ready."""
    findings = doctor()
    assert service.address in findings["lock"]["found"]
    assert (findings["service"]["level"], "ready" in findings["service"]["found"]) == ("OK", True)


def test_a_service_that_asks_everybody_for_a_token(doctor: Doctor, root: Path, tmp_path: Path) -> None:
    """Its pass is the command's: the note comes in words, and by its kind alone to who may not read the pass."""
    file = write_env_file(tmp_path / "tokens.env", HTTP_ACCESS="tokens")
    save_in(root, "lost.png")
    (root / "images/users/ada/lost.png").unlink()
    with serving(root, file):
        assert "ada/lost.png" in doctor(env_file=file)["service"]["found"]
        (root / "logs/.pass").unlink()
        found = doctor(env_file=file)["service"]
        assert (found["level"], "images_missing" in found["found"]) == ("WARN", True)


def save_in(root: Path, name: str) -> None:
    """An image of ada's, in a root that is closed again."""
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png(), name=name)))
    store.close()


def test_a_service_that_does_not_answer(doctor: Doctor, root: Path) -> None:
    """FAIL: the log is held, and nobody listens at the address."""
    with holding(root, "http://127.0.0.1:1"):
        assert doctor()["service"]["level"] == "FAIL"


@pytest.mark.parametrize(
    ("status", "state", "level"),
    [
        (503, {"status": "not ready", "notes": ["The clock is behind."]}, "FAIL"),
        (200, {"status": "degraded", "notes": ["1 images have no file."]}, "WARN"),
    ],
)
def test_a_service_that_is_not_well(doctor: Doctor, root: Path, status: int, state: dict[str, Any], level: str) -> None:
    """What it says of itself is passed on."""
    with one_answer(status, state) as address, holding(root, address):
        finding = doctor()["service"]
    assert (finding["level"], state["notes"][0] in finding["found"]) == (level, True)


@contextmanager
def one_answer(status: int, body: dict[str, Any]) -> Iterator[str]:
    """A service that answers once; its address."""
    from tests.adapters.cli.test_changes_over_http import Server, answered

    server = Server(answered(status, body))
    yield server.address
    server.close()


def test_a_port_in_use(doctor: Doctor, tmp_path: Path) -> None:
    """FAIL: `serve` does not start there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = write_env_file(tmp_path / "port.env", HTTP_PORT=str(port))
        assert doctor(env_file=file)["port"]["level"] == "FAIL"
    assert doctor(env_file=file)["port"]["level"] == "OK"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("nfs4", "lies on a network file system (nfs4)"),
        ("vfat", "renames are not atomic (vfat)"),
        ("exFAT", "renames are not atomic (exFAT)"),
        ("tmpfs", "lies in memory (tmpfs): all that is kept there is gone after a restart"),
        ("ext4", None),
        (None, None),
    ],
)
def test_a_file_system_that_is_weaker_is_named(tmp_path: Path, kind: str | None, words: str | None) -> None:
    """With its type and what to use instead; what is not known is not spoken of."""
    finding = weak_file_system(tmp_path, kind)
    if words is None:
        assert finding is None
    else:
        assert finding is not None
        assert (finding.check, finding.level) == ("root", Level.WARN)
        assert words in finding.found
        assert finding.advice
