"""Older snapshots: kept for replays of the past, fewer the older they are, believed by their seal alone, deletable."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLRecorder, older_snapshots
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.older_snapshots import superfluous
from tests.adapters.eventlog.jsonl.logs import batch, opened

ENGINE = JSONLEngine(Files())


def keep(recorder: JSONLRecorder, state: bytes) -> None:
    """A snapshot of this moment, as the storage makes one: behind the watermark."""
    assert recorder.checkpoint(0)
    recorder.write_snapshot(recorder.snapshot_point(), [state])


def written(root: Path, times: int) -> Path:
    """A root whose log has so many events, with a snapshot at each."""
    recorder = opened(root)
    for number in range(times):
        recorder.append(batch(1, number))
        keep(recorder, b"state at %d " % (number + 1) * 50)
    recorder.close()
    return root


def names(root: Path, ending: str) -> list[int]:
    return sorted(int(path.stem) for path in (root / "logs" / "snapshots").glob(f"*{ending}"))


def state_before(root: Path, position: int) -> tuple[int, bytes] | None:
    found = ENGINE.snapshot_before(root, position)
    return None if found is None else (found.position, found.state)


def test_the_latest_two_are_a_starts_and_the_others_are_kept_smaller(tmp_path: Path) -> None:
    """With the same state, and found for each position after them."""
    root = written(tmp_path, 6)
    assert (names(root, ".snapshot"), names(root, ".past")) == ([5, 6], [1, 2, 3, 4])
    for position in range(1, 7):
        assert state_before(root, position) == (position, b"state at %d " % position * 50)
    assert state_before(root, 0) is None
    assert [kept.position for kept in ENGINE.older_snapshots(root)] == [4, 3, 2, 1]


def test_they_are_bounded_and_sparser_the_older_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number: no gap is wider than one that lies further back needs to be."""
    monkeypatch.setattr(older_snapshots, "MOST", 5)
    root = written(tmp_path, 40)
    kept = names(root, ".past")
    assert len(kept) == 5
    gaps = [after - before for before, after in zip([0, *kept], [*kept, 40], strict=True)]
    assert gaps[0] == max(gaps)
    assert gaps[-1] <= 4


def test_they_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few there may be then."""
    monkeypatch.setattr(older_snapshots, "MOST_BYTES", 1_200)
    root = written(tmp_path, 12)
    sizes = [path.stat().st_size for path in (root / "logs" / "snapshots").glob("*.past")]
    assert 0 < sum(sizes) <= 1_200


@pytest.mark.parametrize(("positions", "until", "least"), [([10, 20, 30], 40, 10), ([30, 31, 32], 40, 31), ([5], 9, 5)])
def test_the_one_between_the_nearest_neighbours_for_their_age_goes(
    positions: list[int], until: int, least: int
) -> None:
    """By the share of its age that the gap would be."""
    assert superfluous(positions, until) == least


def test_a_changed_or_forged_one_is_passed_over(tmp_path: Path) -> None:
    """Whatever byte it is: the one before it is taken, and a check tells of it."""
    root = written(tmp_path, 6)
    path = next((root / "logs" / "snapshots").glob("*4.past"))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert state_before(root, 4) == (3, b"state at 3 " * 50)
        assert [kept.position for kept in ENGINE.older_snapshots(root) if kept.why is None] == [3, 2, 1]
    snapshot = next((root / "logs" / "snapshots").glob("*5.snapshot"))
    path.write_bytes(snapshot.read_bytes())
    assert state_before(root, 4) == (3, b"state at 3 " * 50)


def test_all_may_be_deleted(tmp_path: Path) -> None:
    """A replay begins earlier then, and a start is as it was."""
    root = written(tmp_path, 6)
    for path in (root / "logs" / "snapshots").iterdir():
        path.unlink()
    assert state_before(root, 6) is None
    recorder = opened(root)
    assert recorder.head == 6
    recorder.close()


def test_one_of_another_log_is_not_used(tmp_path: Path) -> None:
    """Its key has not sealed it, and with this key it would name the other log."""
    root, other = written(tmp_path / "a", 4), written(tmp_path / "b", 4)
    for path in (other / "logs" / "snapshots").glob("*.past"):
        (root / "logs" / "snapshots" / path.name).write_bytes(path.read_bytes())
    assert state_before(root, 2) is None
    (root / "logs" / ".key").write_bytes((other / "logs" / ".key").read_bytes())
    assert state_before(root, 2) is None


def test_those_of_another_key_go_before_any_that_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where there are too many: until then they take nobody's place."""
    monkeypatch.setattr(older_snapshots, "MOST", 5)
    root, other = written(tmp_path / "a", 3), written(tmp_path / "b", 6)
    for path in (other / "logs" / "snapshots").glob("*[234].past"):
        path.rename(root / "logs" / "snapshots" / f"{int(path.stem) + 100:018d}.past")
    recorder = opened(root)
    for number in range(5):
        recorder.append(batch(1, 3 + number))
        keep(recorder, b"state")
    recorder.close()
    assert names(root, ".past") == [2, 3, 4, 5, 6]


def test_a_strangers_file_beside_them_is_in_nobodys_way(tmp_path: Path) -> None:
    """Whatever its name: it is neither read nor counted, and it stays."""
    root = written(tmp_path, 3)
    for name in ("notes.past", "٣.past"):
        (root / "logs" / "snapshots" / name).write_bytes(b"x")
    recorder = opened(root)
    recorder.append(batch(1, 3))
    keep(recorder, b"state")
    recorder.close()
    found = sorted(path.name for path in (root / "logs" / "snapshots").glob("*.past"))
    assert found == ["000000000000000001.past", "000000000000000002.past", "notes.past", "٣.past"]
    assert state_before(root, 2) == (2, b"state at 2 " * 50)
