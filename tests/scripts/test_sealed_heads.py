"""Watermarks with a seal and with an end, by both verifiers, with the key and without: sections 6 and 7."""

from __future__ import annotations

import hmac
import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.engines.opening import open_store
from adapters.eventlog.jsonl.verify import verify
from scripts import verify_log
from tests.scripts.forgery import SECOND, SECONDS, SLOT_BYTES, head, lines_of, prefix, slot
from tests.test_docs import PROJECT

SECRET = bytes(range(32))
WORDS = {"w": "whole", "d": "damaged"}
SEALING, NEW = SECRET + b" seals", SECRET


class Sealed(NamedTuple):
    """A watermark, the key that stands beside it, the verdicts without the key and with it, and where it shows."""

    name: str
    head: bytes
    key: bytes
    verdicts: str
    position: int | None = None
    more: int = 0
    """How many events the log has after the watermark."""


def sealed(log: bytes, position: int, secret: bytes = SECRET, *, over: bytes = b"", ended: bool = False) -> bytes:
    """A slot with a seal, as the document says; `over` is what is sealed in place of the slot's own bytes."""
    plain = slot(log, position, **({"ended": True} if ended else {}))
    body = plain[: plain.index(b',"check"')]
    own = hmac.digest(secret, b"abby head 1", sha256)
    body = b'%b,"seal":"%b"' % (body, hmac.digest(own, over or body, sha256).hex().encode())
    return checked(body)


def checked(body: bytes) -> bytes:
    """A slot of these bytes, with a check that fits."""
    line = b'%b,"check":"%b"}' % (body, sha256(body).hexdigest().encode())
    return line.ljust(SLOT_BYTES - 1) + b"\n"


def cases(log: bytes) -> list[Sealed]:
    """What stands in heads, at the end of a log and three batches before it."""
    count = len(lines_of(log))
    plain = slot(log, count)
    body = plain[: plain.index(b',"check"')]
    end, low = slot(log, count, ended=True), slot(log, 8, counter=2)
    turned = body.replace(b'"reconciled"', b'"ended":true,"reconciled"')
    return [
        Sealed("as before", plain, NEW, "ww"),
        Sealed("no seal, of a key that makes them", plain, SEALING, "wd"),
        Sealed("a seal", sealed(log, count), SEALING, "ww"),
        Sealed("a seal, of a key that has not said so yet", sealed(log, count), NEW, "ww"),
        Sealed("a seal of another key", sealed(log, count, b"x" * 32), SEALING, "wd"),
        Sealed("a seal of something else", sealed(log, count, over=b"{}"), SEALING, "wd"),
        Sealed("an end", end, NEW, "ww"),
        Sealed("an end, sealed", sealed(log, count, ended=True), SEALING, "ww"),
        Sealed("an end, and more", slot(log, 8, ended=True), NEW, "dd", 9, more=1),
        Sealed("an end, sealed, and more", sealed(log, 8, ended=True), SEALING, "dd", 9, more=1),
        Sealed("a seal, and more", sealed(log, 8), SEALING, "ww", more=1),
        Sealed("an end that is false", checked(body + b',"ended":false'), NEW, "dd"),
        Sealed("an end in another place", checked(turned), NEW, "dd"),
        Sealed("a seal that is none", checked(body + b',"seal":"0"'), SEALING, "dd"),
        Sealed("a seal of capitals", checked(body + b',"seal":"%b"' % (b"A" * 64)), SEALING, "dd"),
        Sealed("a seal before an end", checked(body + b',"seal":"%b","ended":true' % (b"a" * 64)), NEW, "dd"),
        Sealed("a seal that is none, above a slot", head(low, checked(body + b',"seal":"0"')), NEW, "ww", more=1),
        Sealed("a member of a later version", checked(body + b',"more":1'), SEALING, "dd"),
    ]  # fmt: skip


def test_both_verifiers_and_the_product_agree_on_seals(tmp_path: Path, log: bytes, perl: str | None) -> None:
    """Each head with the key and without it; the product, which has the key, says what they say with it."""
    for number, case in enumerate(cases(log)):
        logs = tmp_path / str(number) / "logs"
        logs.mkdir(parents=True)
        path, key = logs / "events.jsonl", logs / ".key"
        watermark = case.head if len(case.head) > SLOT_BYTES else head(case.head)
        for name, data in (("events.jsonl", log), ("head", watermark), (".key", case.key)):
            (logs / name).write_bytes(data)
        alone, given = verify_log.verify(path), verify_log.verify(path, key=verify_log.Key.read(key))
        assert (alone.verdict, given.verdict) == (WORDS[case.verdicts[0]], WORDS[case.verdicts[1]]), case.name
        assert [found.position for found in given.findings] == ([case.position] if given.findings else []), case.name
        assert bool(given.watermark and given.positions > given.watermark) is bool(case.more), case.name
        by_product = verify(logs.parent)
        assert by_product.is_whole is (case.verdicts[1] == "w"), case.name
        assert (by_product.damage.position if by_product.damage else None) == case.position, case.name
        if perl is not None:
            for report, arguments in ((alone, []), (given, [f"--key={key}"])):
                said = second_opinion(perl, *arguments, str(path))
                position = report.findings[0].position if report.findings else None
                assert said[:3] == [report.verdict, report.positions, position], case.name


def second_opinion(perl: str, *arguments: str) -> list[object]:
    """What the second verifier says."""
    done = subprocess.run([perl, SECOND, *arguments], capture_output=True, timeout=SECONDS, check=True)
    assert done.stderr == b"", done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("key", "code"), [(SEALING, 0), (b"x" * 32, 1), (b"short", 2), (None, 2)])
def test_the_verifier_takes_a_key_from_a_file(
    tmp_path: Path, log: bytes, key: bytes | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says whose seal it is, or that the key is none; and that it looks at no snapshot."""
    short = prefix(log, 8)
    (tmp_path / "events.jsonl").write_bytes(short)
    (tmp_path / "head").write_bytes(head(sealed(short, 8)))
    if key is not None:
        (tmp_path / ".key").write_bytes(key)
    assert verify_log.main([str(tmp_path / "events.jsonl"), "--key", str(tmp_path / ".key"), "--jobs", "1"]) == code
    told = capsys.readouterr()
    words = {0: "its seal: made with the key", 1: "was not written with this key", 2: "cannot be used"}
    assert words[code] in told.out + told.err
    assert ("snapshots: not looked at" in told.out) is (code != 2)


def test_a_root_of_when_seals_were_new_opens(tmp_path: Path) -> None:
    """It ended in order, and its seal is its key's: for the verifier, the product's `verify`, and a start."""
    shutil.copytree(PROJECT / "tests" / "samples" / "sealed_head", tmp_path, dirs_exist_ok=True)
    logs = tmp_path / "logs"
    report = verify_log.verify(logs / "events.jsonl", key=verify_log.Key.read(logs / ".key"))
    assert (report.verdict, report.seal, report.positions) == ("whole", "made with the key", 3)
    assert b'"ended":true,"seal":"' in (logs / "head").read_bytes()
    assert verify(tmp_path).is_sealed
    store = open_store(tmp_path)
    assert store.opened().state.position == 3
    store.close()
