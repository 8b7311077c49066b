"""Rules of reading a few events of a long log: the answer is that of reading all, and no more is read than it needs."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from eventsourcing.dcb.api import DCBEvent, DCBQuery, DCBQueryItem

from adapters.eventlog.jsonl import JSONLRecorder, searching
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.format import decode_recorded
from adapters.ports.event_log import VerifiedEvent
from adapters.ports.faults import LogDamaged
from tests.adapters.eventlog.jsonl.logs import Disk, opened

MANY = 10_000
SHOWN = 50
USERS = ("ada", "ben", "eve")
RARE = "rare"

QUERIES = {
    "all": None,
    "a user": DCBQuery(items=[DCBQueryItem(tags=["user:ada"])]),
    "a rare user": DCBQuery(items=[DCBQueryItem(tags=[f"user:{RARE}"])]),
    "nobody": DCBQuery(items=[DCBQueryItem(tags=["user:nobody"])]),
    "a type": DCBQuery(items=[DCBQueryItem(types=["Saved"])]),
    "types of a user": DCBQuery(items=[DCBQueryItem(types=["Saved", "Gone"], tags=["user:ben"])]),
    "one or the other": DCBQuery(items=[DCBQueryItem(tags=["user:ada", "pool"]), DCBQueryItem(types=["Gone"])]),
    "a user or anything": DCBQuery(items=[DCBQueryItem(tags=["user:ada"]), DCBQueryItem()]),
}


class CountingDisk(Disk):
    """The real disk, which counts the bytes that are read of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes_read = 0

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """Reads and counts."""
        found = super().read_at(fd, size, offset)
        self.bytes_read += len(found)
        return found


def some_event(number: int, chance: random.Random) -> DCBEvent:
    """An event of somebody; some are long, and some speak of another user's tag in their data."""
    size = chance.choice([0, 1, 10, 100, 1_000, 30_000]) if number % 97 == 0 else chance.randrange(80)
    data = b'{"n":%d,"told":"\\"user:ada\\" %b"}' % (number, b"x" * size)
    user = RARE if number in {7, 150} else chance.choice(USERS)
    return DCBEvent(chance.choice(["Saved", "Gone", "Made"]), data, [f"user:{user}", *["pool"] * chance.randrange(2)])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a few hundred events of every length, in batches."""
    root, chance = tmp_path_factory.mktemp("searching"), random.Random(11)
    recorder = opened(root)
    number = 0
    while number < 400:
        batch = [some_event(number + index, chance) for index in range(chance.randrange(1, 9))]
        recorder.append(batch)
        number += len(batch)
    recorder.close()
    return root


@pytest.fixture(scope="module")
def long_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a long log, in which one user has two events."""
    root, chance = tmp_path_factory.mktemp("long"), random.Random(12)
    recorder = opened(root)
    for begin in range(0, MANY, 1_000):
        recorder.append([some_event(begin + number, chance) for number in range(1_000)])
    recorder.close()
    return root


def at_end(root: Path, files: Disk | None = None, **options: object) -> JSONLRecorder:
    """A reader that has read nothing but the end."""
    return opened(root, files, read_only=True, at_end=True, **options)


@pytest.fixture(params=[150, 1_000, 70_000], ids=lambda size: f"blocks of {size}")
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks shorter than most lines, shorter than some, longer than all."""
    # Logs of many real blocks are megabytes long.
    monkeypatch.setattr(searching, "BLOCK_BYTES", request.param)
    monkeypatch.setattr(searching, "FIRST_BLOCK_BYTES", request.param // 2)
    monkeypatch.setattr(searching, "NEAR_BYTES", request.param // 4)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_what_is_found_is_what_reading_all_gives(root: Path, query: DCBQuery | None) -> None:
    """The newest so many, and those after a position, wherever the blocks begin and end."""
    whole = opened(root, read_only=True)
    wanted = list(whole.read(query))
    reader = at_end(root)
    assert reader.head == whole.head
    for most in (0, 1, 2, 13, len(wanted), len(wanted) + 1):
        assert reader.newest(query, most) == whole.newest(query, most) == wanted[max(0, len(wanted) - most) :]
    for up_to in (0, 1, 150, whole.head - 1, whole.head, whole.head + 5):
        fitting = [stored for stored in wanted if stored.position <= up_to]
        assert reader.newest(query, 3, up_to=up_to) == whole.newest(query, 3, up_to=up_to) == fitting[-3:]
    for after in (0, 1, 150, 151, 399, whole.head - 1, whole.head, whole.head + 5):
        assert list(reader.read(query, after=after)) == [stored for stored in wanted if stored.position > after]
    assert list(reader.read(query, after=3, limit=4)) == [stored for stored in wanted if stored.position > 3][:4]
    reader.close()
    whole.close()


@pytest.mark.usefixtures("_blocks")
def test_what_holds_some_bytes_is_found_wherever_it_stands(root: Path) -> None:
    """By a writer's reader and by one at the end; what is not there is found by neither."""
    whole, reader = opened(root, read_only=True), at_end(root)
    wanted = [stored for stored in whole.read() if b"7" in stored.event.data]
    assert 0 < len(wanted) < whole.head
    for log in (whole, reader):
        found = [stored for stored in log.holding(b"7") if b"7" in stored.event.data]
        assert found == wanted
        assert list(log.holding(b"in no line of this log")) == []
        log.close()


def test_a_reader_at_the_end_follows_its_writer(tmp_path: Path) -> None:
    """What is recorded later is read as ever, after what was there; an empty log has nothing."""
    chance = random.Random(13)
    recorder = opened(tmp_path)
    empty = at_end(tmp_path)
    assert (empty.newest(None, 5), list(empty.read())) == ([], [])
    recorder.append([some_event(1, chance), some_event(2, chance)])
    recorder.checkpoint(0)
    reader = at_end(tmp_path)
    recorder.append([some_event(3, chance)])
    beyond = at_end(tmp_path, beyond_watermark=True)
    assert ([stored.position for stored in beyond.read()], beyond.head) == ([1, 2, 3], 3)
    recorder.checkpoint(0)
    for follower in (empty, reader):
        assert follower.follow() == 3
        assert [stored.position for stored in follower.read()] == [1, 2, 3]
        assert [stored.position for stored in follower.newest(None, 2)] == [2, 3]
    for opened_log in (empty, reader, beyond, recorder):
        opened_log.close()


def test_the_newest_events_cost_the_same_however_long_the_log_is(root: Path, long_root: Path) -> None:
    """A block from the end, and not the log."""
    costs = []
    for log in (root, long_root):
        disk = CountingDisk()
        reader = at_end(log, disk)
        assert len(reader.newest(None, SHOWN)) == SHOWN
        reader.close()
        costs.append(disk.bytes_read)
    assert (long_root / "logs" / "events.jsonl").stat().st_size > 20 * searching.FIRST_BLOCK_BYTES
    assert max(costs) < 2 * searching.FIRST_BLOCK_BYTES


def test_events_after_a_position_cost_what_they_are(long_root: Path) -> None:
    """Their place is found by halving."""
    disk = CountingDisk()
    reader = at_end(long_root, disk)
    assert len(list(reader.read(after=MANY - SHOWN))) == SHOWN
    reader.close()
    assert disk.bytes_read < 16 * searching.FIRST_BLOCK_BYTES


@pytest.mark.parametrize("query", [query for query in QUERIES.values() if query is not None], ids=list(QUERIES)[1:])
def test_what_is_found_between_two_positions_is_what_reading_all_gives(root: Path, query: DCBQuery) -> None:
    """Whatever the two are."""
    with closing(opened(root, read_only=True)) as whole, closing(opened(root, read_only=True, at_end=True)) as reader:
        for after, up_to in ((0, 0), (0, 1), (7, 150), (149, 150), (150, 150), (200, 100), (30, whole.head)):
            expected = [found for found in whole.read(query, after=after) if found.position <= up_to]
            assert list(reader.between(query, after, up_to)) == expected


def test_a_line_is_found_whatever_was_looked_for_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a search only makes the next one shorter, however little is remembered."""
    monkeypatch.setattr(searching, "NEAR_BYTES", 200)
    monkeypatch.setattr(searching, "MOST_PLACES", 5)
    with closing(at_end(root)) as reader:
        positions = list(range(reader.head + 1))
        random.Random(13).shuffle(positions)
        for after in positions:
            assert [found.position for found in reader.read(after=after, limit=1)] == [after + 1][: reader.head - after]


def test_positions_near_each_other_are_found_with_few_reads(long_root: Path) -> None:
    """Halving by time asks for one after the other, and does not begin anew each time."""
    disk = CountingDisk()
    with closing(at_end(long_root, disk)) as reader:
        costs = []
        for position in (MANY // 3, MANY // 3 + 1):
            disk.bytes_read = 0
            next(reader.read(after=position, limit=1))
            costs.append(disk.bytes_read)
    assert costs[1] <= 2 * searching.NEAR_BYTES < costs[0]


def test_what_is_handed_on_is_what_an_opening_hands_on(root: Path, tmp_path: Path) -> None:
    """From the end of any batch on, with its batch; a line that was changed is damage at its position."""
    told: list[VerifiedEvent] = []
    opened(root, read_only=True, on_event=told.append).close()
    with closing(at_end(root)) as reader:
        for after in (0, *{event.batch_last for event in told[::40]}, told[-1].position):
            handed: list[VerifiedEvent] = []
            reader.hand_on(after, handed.append)
            assert handed == told[after:]
    copytree(root, tmp_path / "root")
    log = tmp_path / "root" / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"n":300,', b'"n":301,', 1))
    with closing(at_end(tmp_path / "root")) as reader, pytest.raises(LogDamaged) as raised:
        reader.hand_on(told[40].batch_last, list[VerifiedEvent]().append)
    assert raised.value.position == 301


def test_nothing_behind_the_last_position_is_looked_at(long_root: Path) -> None:
    """However long the log goes on without what is asked for."""
    disk = CountingDisk()
    with closing(opened(long_root, disk, read_only=True, at_end=True)) as reader:
        disk.bytes_read = 0
        assert list(reader.between(DCBQuery(items=[DCBQueryItem(tags=[f"user:{RARE}"])]), 200, 300)) == []
        assert disk.bytes_read < 2 * searching.FIRST_BLOCK_BYTES + 40 * searching.LINE_BYTES


def test_of_one_users_events_only_their_lines_are_taken_apart(long_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' bytes are passed over."""
    taken = 0

    def counted(line: bytes) -> object:
        nonlocal taken
        taken += 1
        return decode_recorded(line)

    monkeypatch.setattr(searching, "decode_recorded", counted)
    reader = at_end(long_root)
    assert len(list(reader.read(QUERIES["a rare user"]))) == 2
    assert len(reader.newest(QUERIES["a rare user"], SHOWN)) == 2
    reader.close()
    assert taken == 4


Harm = Callable[[list[bytes]], None]


def harmed(root: Path, copy: Path, harm: Harm) -> Path:
    """A copy of a root whose lines were changed."""
    (copy / "logs").mkdir(parents=True)
    for name in ("events.jsonl", "head", ".key"):
        (copy / "logs" / name).write_bytes((root / "logs" / name).read_bytes())
    lines = (root / "logs" / "events.jsonl").read_bytes().split(b"\n")
    harm(lines)
    (copy / "logs" / "events.jsonl").write_bytes(b"\n".join(lines))
    return copy


def flip(lines: list[bytes], number: int) -> None:
    """Another byte in the data of a line."""
    lines[number] = lines[number].replace(b'"told"', b'"tolt"')


def test_a_line_that_is_shown_is_checked(root: Path, tmp_path: Path) -> None:
    """Its bytes and the hash of the one before; what is not shown is not looked at, and is `verify`'s."""
    far = at_end(harmed(root, tmp_path / "far", lambda lines: flip(lines, 5)))
    assert len(far.newest(None, 1)) == 1
    with pytest.raises(LogDamaged, match="hash does not fit"):
        far.newest(None, far.head)
    with pytest.raises(LogDamaged, match="abby verify"):
        list(far.read(after=0))
    with pytest.raises(LogDamaged, match="hash does not fit"):
        list(far.holding(b"tolt"))
    far.close()
    near = at_end(harmed(root, tmp_path / "near", lambda lines: flip(lines, -2)))
    with pytest.raises(LogDamaged, match="hash does not fit"):
        near.newest(None, 1)
    near.close()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda lines: lines.pop(-2), "ends too early"),
        (lambda lines: lines.insert(1, lines[1]), "not the log that was written"),
    ],
    ids=["cut", "moved"],
)
def test_a_log_that_is_not_its_watermarks_is_refused(root: Path, tmp_path: Path, harm: Harm, why: str) -> None:
    """As by whoever reads all of it."""
    with pytest.raises(LogDamaged, match=why):
        at_end(harmed(root, tmp_path / "root", harm))


def test_a_part_of_the_log_is_told_as_a_part(long_root: Path) -> None:
    """At its end nothing but that is read; the report says what was not."""
    disk = CountingDisk()
    report = JSONLEngine(disk).verify(long_root, at_end=True)
    assert (report.is_whole, report.positions, report.unread, report.watermark) == (True, MANY, MANY, MANY)
    assert disk.bytes_read < searching.FIRST_BLOCK_BYTES
    whole = JSONLEngine(Disk()).verify(long_root)
    assert (whole.unread, whole.digest, whole.size_bytes) == (0, report.digest, report.size_bytes)
