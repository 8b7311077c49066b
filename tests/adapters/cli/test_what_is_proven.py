"""The table of docs/what-is-proven.md, row by row: each tampering is done to a real root, and each tool is asked."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.application import outside_seals
from adapters.application.governing import reset_daily_blocking
from adapters.application.readiness import readiness_of
from adapters.application.results import StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl.seals import Key, sealed_line
from adapters.ledger import snapshotting
from adapters.ports.faults import LogDamaged
from scripts import verify_log
from tests.adapters.cli.conftest import Abby
from tests.adapters.eventlog.jsonl.logs import as_before_seals, as_killed, key_of, slot_of, write_head
from tests.hostile.builders import png
from tests.test_docs import PROJECT

DOCUMENT = PROJECT / "docs" / "what-is-proven.md"
OTHER = Key(b"x" * 32)


def table() -> dict[str, list[str]]:
    """What the document says of each tampering, in the order of its columns."""
    rows = [
        line.strip("| ").split(" | ") for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line[:1] == "|"
    ]
    return {name: cells for name, *cells in rows[2:]}


def resets(root: Path, *reasons: str) -> None:
    """Some events, by a service that stops in order."""
    store = open_store(root)
    for reason in reasons:
        reset_daily_blocking(store, "ada", reason)
    store.close()


@pytest.fixture(autouse=True)
def disk_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that closes gives up on a disk that is silent for seconds; that of busy tests is only slow."""
    monkeypatch.setattr(outside_seals, "ANSWERS_WITHIN_SECONDS", 60.0)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A root with an image, some events and a snapshot, and the same as it was two events earlier."""
    base = tmp_path_factory.mktemp("base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
        store = open_store(base / "now")
        asyncio.run(save_image(store, NewImage("ada", png(), name="a.png")))
        store.close()
        resets(base / "now", "first")
        shutil.copytree(base / "now", base / "earlier")
        resets(base / "now", "second", "third")
    return base / "now", base / "earlier"


def put(source: Path, root: Path, *names: str) -> None:
    """Puts files or folders of another root's `logs` in place of those of this one."""
    for name in names:
        there, here = source / "logs" / name, root / "logs" / name
        if there.is_dir():
            shutil.rmtree(here)
            shutil.copytree(there, here)
        else:
            shutil.copy(there, here)


def added(root: Path) -> None:
    """One more event with a hash that fits, made by a service that is shown the log of before there were seals."""
    copy = root.with_name("forge")
    shutil.copytree(root, copy)
    as_before_seals(copy)
    resets(copy, "forged")
    put(copy, root, "events.jsonl")


def rehashed(root: Path) -> None:
    """Another reason in an event, and every hash from there on made anew."""
    path = root / "logs" / "events.jsonl"
    header, *lines = path.read_bytes().splitlines()
    digest, out = sha256(header).digest(), [header]
    for line in lines:
        body = line[:-75].replace(b"first", b"other")
        digest = sha256(digest + body).digest()
        out.append(b'%b,"hash":"%b"}' % (body, digest.hex().encode()))
    path.write_bytes(b"\n".join(out) + b"\n")


def newest(root: Path) -> Path:
    """The newest snapshot."""
    return max((root / "logs" / "snapshots").glob("*.snapshot"))


def forged(root: Path, seal: Callable[[bytes], bytes]) -> None:
    """A snapshot that knows of an image by another name, with whatever `seal` puts behind its first line."""
    head, content = newest(root).read_bytes().split(b"\n", 1)
    content = content.replace(b"a.png", b"b.png")
    body, own = head.split(b',"content":"')[0], sha256(b"little" + content).hexdigest().encode()
    body = b'%b,"content":"%b"' % (body, own)
    newest(root).write_bytes(body + seal(body) + b"\n" + content)


def with_key(key: Key) -> Callable[[bytes], bytes]:
    return lambda body: b',"seal":"%b"}' % key.of_snapshot(body).encode()


def plain(body: bytes) -> bytes:
    """As the first version did."""
    return b',"check":"%b"}' % sha256(body).hexdigest().encode()


def rewritten(root: Path) -> None:
    """Log, head and snapshots, by who has the key: as if an image had never been saved under its name."""
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"a.png"', b'"b.png"'))
    rehashed(root)
    shutil.rmtree(root / "logs" / "snapshots")
    slot = slot_of(root)
    last = log.read_bytes()[-67:-3].decode()
    tip = slot.tip._replace(digest=bytes.fromhex(last))
    write_head(root, slot._replace(tip=tip).sealed(key_of(root)))


def edited(root: Path, change: Callable[[bytes], bytes]) -> None:
    log = root / "logs" / "events.jsonl"
    log.write_bytes(change(log.read_bytes()))


def put_back(root: Path, earlier: Path) -> None:
    put(earlier, root, "events.jsonl", "head", ".key", "snapshots")


def replaced_by_another(root: Path) -> None:
    other = root.with_name("other")
    resets(other, "another root")
    shutil.rmtree(root / "logs")
    shutil.copytree(other / "logs", root / "logs")


def without_seal_and_key(root: Path) -> None:
    as_before_seals(root)
    (root / "logs" / ".key").unlink()


def added_after_a_crash(root: Path) -> None:
    added(root)
    as_killed(root)


Tampering = Callable[[Path, Path], object]
TAMPERINGS: dict[str, Tampering] = {
    "nothing": lambda *_: None,
    "a line edited, its hash left": lambda root, _: edited(root, lambda log: log.replace(b"first", b"other")),
    "the last lines cut off": lambda root, _: edited(root, lambda log: b"".join(log.splitlines(keepends=True)[:-2])),
    "an older copy of the log put beside its head": lambda root, earlier: put(earlier, root, "events.jsonl"),
    "an event changed, and new hashes made from there on": lambda root, _: rehashed(root),
    "an event with a hash that fits added after a stop": lambda root, _: added(root),
    "the same after a crash": lambda root, _: added_after_a_crash(root),
    "a snapshot forged": lambda root, _: forged(root, plain),
    "a snapshot of an earlier version, or of another key": lambda root, _: forged(root, with_key(OTHER)),
    "a snapshot cut": lambda root, _: newest(root).write_bytes(newest(root).read_bytes()[:-20]),
    "an older snapshot put back": lambda root, earlier: put(earlier, root, "snapshots"),
    "the head forged, with a check that fits": lambda root, _: write_head(root, slot_of(root)._replace(reconciled=1)),
    "the seal taken off the head": lambda root, _: write_head(root, slot_of(root)._replace(seal=None)),
    "the key replaced": lambda root, _: (root / "logs" / ".key").write_bytes(OTHER.secret + b" seals"),
    "the key deleted": lambda root, _: (root / "logs" / ".key").unlink(),
    "seal and key both taken away": lambda root, _: without_seal_and_key(root),
    "all of `logs` put back as it was earlier": put_back,
    "all of `logs` replaced with that of another root": lambda root, _: replaced_by_another(root),
    "`logs` put back, with a `SEAL_FILE` elsewhere": put_back,
    "`logs` replaced, with a `SEAL_FILE` elsewhere": lambda root, _: replaced_by_another(root),
    "a snapshot forged by somebody who has the key": lambda root, _: forged(root, with_key(key_of(root))),
    "all of it rewritten by somebody who has the key": lambda root, _: rewritten(root),
}


def started(root: Path, outside: Path | None) -> str:
    """What the service does at its next start."""
    with capture_logs() as said:
        try:
            open_store(root, settings=StoreSettings(seal_file=outside)).close()
        except LogDamaged as error:
            ways = ("abby salvage --to DIR", "give SEAL_FILE another name")
            return "refuses" if any(way in str(error) for way in ways) else "refuses without a way out"
    told = {entry["event"] for entry in said}
    for event, word in {
        "request key made anew": "warns",
        "snapshot set aside": "sets aside",
        "snapshot not used": "passes over",
        "events after the last seal": "tells",
    }.items():
        if event in told:
            return word
    return "starts"


def answered(code: int, log: dict[str, Any] | None) -> str:
    """What `verify` or `audit` says, by its exit code and its report."""
    if code == 0:
        assert log is not None
        return "told" if log["after_seal"] else "whole"
    return {65: "damaged", 1: "found"}[code]


def doctor_says(abby: Abby) -> str:
    """What `doctor` says of the log and of snapshots."""
    levels = {check["check"]: check["level"] for check in abby("doctor", "--json").json["checks"]}
    if levels["log"] == "FAIL":
        return "fails"
    return "warns" if "snapshots" in levels else "ok"


def verifier_says(root: Path, *, key: bool) -> str:
    """What the verifier says that is no part of the product."""
    found = root / "logs" / ".key"
    if key and not found.exists():
        return "none"
    report = verify_log.verify(root / "logs" / "events.jsonl", key=verify_log.Key.read(found) if key else None)
    if report.verdict == "whole" and report.positions > (report.watermark or 0):
        return "told"
    return report.verdict


def test_the_table_has_these_rows() -> None:
    """No tampering is tried that the document does not name, and none named that is not tried."""
    assert list(table()) == list(TAMPERINGS)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tool_says_what_the_table_says(
    name: str, roots: tuple[Path, Path], root: Path, abby: Abby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked in the order of the columns, but for the start, which comes last as it alone changes anything."""
    now, earlier = roots
    shutil.copytree(now, root)
    outside = None
    if "SEAL_FILE" in name:
        outside = root.with_name("outside.jsonl")
        store = open_store(root, settings=StoreSettings(seal_file=outside))
        reset_daily_blocking(store, "ada", "fourth")
        store.close()
        monkeypatch.setenv("SEAL_FILE", str(outside))
    TAMPERINGS[name](root, earlier)
    verify, audit = abby("verify", "--json"), abby("audit", "--json")
    said = [
        answered(verify.code, verify.json),
        answered(audit.code, audit.json.get("log") if audit.code == 0 else None),
        doctor_says(abby),
        verifier_says(root, key=False),
        verifier_says(root, key=True),
    ]
    assert [started(root, outside), *said] == table()[name]


def test_a_snapshot_that_was_refused_is_kept_under_another_name(
    roots: tuple[Path, Path], root: Path, abby: Abby
) -> None:
    """And nothing is found any more; the log was read, so the figures are right."""
    shutil.copytree(roots[0], root)
    forged(root, plain)
    name = newest(root).name
    assert started(root, None) == "sets aside"
    assert (root / "logs" / "snapshots" / f"{name}.refused").exists()
    assert abby("verify").code == 0


def test_the_snapshot_that_does_not_match_is_named(roots: tuple[Path, Path], root: Path, abby: Abby) -> None:
    """With what differs, and the way out."""
    shutil.copytree(roots[0], root)
    forged(root, with_key(key_of(root)))
    told = " ".join(abby("verify").out.split())
    assert f"{newest(root)} does not match the log: by the log, images of ada differ" in told
    assert "move the snapshot away and start again" in told


def test_a_seal_kept_outside_shows_a_log_that_was_put_back(
    roots: tuple[Path, Path], root: Path, abby: Abby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of `logs` as it was earlier, and another root's, whose seals fit: refused, and named with its position."""
    shutil.copytree(roots[0], root)
    outside = root.with_name("outside.jsonl")
    settings = StoreSettings(seal_file=outside)
    store = open_store(root, settings=settings)
    reset_daily_blocking(store, "ada", "fourth")
    store.close()
    [line] = outside.read_bytes().splitlines()
    assert abby("verify", "--seals", str(outside)).code == 0
    put(roots[1], root, "events.jsonl", "head", ".key", "snapshots")
    assert abby("verify").code == 0
    told = abby("verify", "--seals", str(outside), "--json")
    assert (told.code, told.json["damage"]["position"]) == (65, slot_of(root).tip.position + 1)
    assert f"sealed at position {json.loads(line)['position']}," in told.json["damage"]["what"]
    for command in ("audit", "doctor"):
        monkeypatch.setenv("SEAL_FILE", str(outside))
        asked = abby(command)
        assert (asked.code, "a point kept outside" in " ".join((asked.out + asked.err).split())) == (
            {"audit": 65, "doctor": 1}[command],
            True,
        )
    monkeypatch.delenv("SEAL_FILE")
    with pytest.raises(LogDamaged, match="give SEAL_FILE another name"):
        open_store(root, settings=settings)
    replaced_by_another(root)
    with pytest.raises(LogDamaged, match="are of another log"):
        open_store(root, settings=settings)
    assert outside.read_bytes().splitlines() == [line]
    store = open_store(root, settings=StoreSettings(seal_file=root.with_name("anew.jsonl")))
    reset_daily_blocking(store, "ada", "goes on")
    store.close()
    assert root.with_name("anew.jsonl").exists()


def test_every_seal_kept_outside_is_compared(roots: tuple[Path, Path], root: Path, abby: Abby) -> None:
    """A log that holds the last of them and not one before is another history."""
    shutil.copytree(roots[0], root)
    outside = root.with_name("outside.jsonl")
    store = open_store(root, settings=StoreSettings(seal_file=outside))
    reset_daily_blocking(store, "ada", "fourth")
    store.close()
    [line] = outside.read_bytes().splitlines()
    point = {name: value for name, value in json.loads(line).items() if name != "seal"}
    key = key_of(root)
    former = sealed_line({**point, "position": point["position"] - 1, "hash": "0" * 64}, key.of_point)
    outside.write_bytes(former + b"\n" + line + b"\n")
    told = abby("verify", "--seals", str(outside), "--json")
    assert (told.code, "another history" in told.json["damage"]["what"]) == (65, True)


def test_a_seal_file_that_cannot_be_written_stops_nothing(root: Path) -> None:
    """It is told by readiness; a line that was cut, and what is no line, say nothing."""
    store = open_store(root, settings=StoreSettings(seal_file=root.with_name("missing") / "seals.jsonl"))
    reset_daily_blocking(store, "ada", "first")
    store.opened().checkpoint()
    store.opened().seals.settle()  # type: ignore[union-attr]  # it is set
    notes = readiness_of(store).notes
    assert any("SEAL_FILE" in note and "missing" in note for note in notes)
    store.close()
    outside = root.with_name("seals.jsonl")
    outside.write_bytes(b'{"log":1}\n[]\nnothing\n{"log":"cut')
    for number in (2, 3):
        store = open_store(root, settings=StoreSettings(seal_file=outside))
        reset_daily_blocking(store, "ada", f"number {number}")
        store.close()
        assert len(outside.read_bytes().splitlines()) == 3 + number
