"""A simulated month is made by the real ledger, is the same for the same seed, and has in it what tools must bear."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from adapters.audit.comparison import audit
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.images.check import check_image
from adapters.images.foreign.judging import refuse_foreign
from adapters.ledger.snapshot_proof import verify_with_snapshots
from domain.refusals import Reason
from scripts.month.life import Shape
from scripts.month.pictures import MOST_BYTES, SIDE, Picture, pictures, write
from scripts.simulate_month import Made, main, simulate

SHAPE = Shape(users=25, events=3_000, days=30)
OF_OTHERS = {
    *(Reason.BUSY, Reason.STOPPED, Reason.LIMITS_CHANGED),
    *(Reason.NOT_ALLOWED, Reason.PRICE_UNKNOWN, Reason.WINDOW_LIMIT),
    *(Reason.OFFER_CHANGED, Reason.CLAIMED_TODAY, Reason.POINTS_SHORT),
    *(Reason.ASK_OPEN, Reason.ASK_LIMIT, Reason.ASK_CLOSED),
}
"""What a busy or stopped ledger says, and who comes second: no month with one caller has it. Months with tiers, prices
and points are those that `--all-kinds` makes, which `tests/adapters/reports/test_all_kinds.py` looks at.
"""


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    root = tmp_path_factory.mktemp("month") / "root"
    return root, simulate(root, SHAPE, record=20, with_pictures=True)


def facts(root: Path) -> list[tuple[str, dict[str, object]]]:
    lines = (root / "logs" / "events.jsonl").read_bytes().splitlines()[1:]
    return [(event["type"], event["data"]) for event in map(orjson.loads, lines)]


def test_a_month_has_every_kind_of_event_and_of_refusal(month: tuple[Path, Made]) -> None:
    """Also refusals that are not recorded, after the 20th of a user, reason and day."""
    root, made = month
    kinds = Counter(kind for kind, _ in facts(root))
    assert len(kinds) == 12, kinds
    answers = {answer.partition(",")[0] for answer in made.told}
    assert answers >= {reason.value for reason in Reason if reason not in OF_OTHERS}, made.told
    assert made.told["DAILY_LIMIT, not recorded"] > 0
    reasons = {data["reason"] for kind, data in facts(root) if kind == "GenerationReleased"}
    assert reasons == {"failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown"}


def test_a_month_is_a_whole_log_with_the_files_of_what_stands(month: tuple[Path, Made]) -> None:
    """Every line is as a start takes it, each name that stands has a file of its size, and each detail is of its."""
    root, made = month
    report, findings = verify_with_snapshots(default_engine(Files()), root)
    assert report.is_whole
    assert not findings
    assert made.events == report.positions >= SHAPE.events
    assert audit(root, report, engine=default_engine(Files())).agrees
    assert made.files == sum(1 for path in root.rglob("*.png") if path.is_file()) > 0


def test_the_same_seed_gives_the_same_month_and_another_one_another(tmp_path: Path) -> None:
    """So that what a tool says of it can be compared with what it said yesterday."""
    few = SHAPE._replace(events=300)
    for name, seed in (("one", 13), ("two", 13), ("three", 14)):
        simulate(tmp_path / name, few, seed=seed)
    one, two, three = (facts(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one != three


def test_a_month_has_all_kinds_of_limits_where_that_is_asked(tmp_path: Path) -> None:
    """From its beginning on; else it has none of them."""
    for words, begins in (([], False), (["--all-kinds"], True)):
        root = tmp_path / f"{begins}"
        assert main([str(root), "--events", "60", *words]) == 0
        kinds = {kind for kind, _ in facts(root)}
        assert ({"TierDefined", "OfferSet"} <= kinds) is begins
        assert (
            any("windows" in str(data.get("limits")) for kind, data in facts(root) if kind == "PolicyChanged") is begins
        )


@pytest.mark.parametrize("picture", [pictures()[0], pictures()[-1]], ids=["the smallest", "the largest"])
def test_its_pictures_are_such_as_a_service_keeps(picture: Picture, tmp_path: Path) -> None:
    """Whole and without foreign parts, of the size and the hash that the log has: every tool takes them."""
    write(tmp_path / "a.png", picture)
    data = (tmp_path / "a.png").read_bytes()
    checked = check_image(data, max_bytes=MOST_BYTES)
    refuse_foreign(data, checked.media_type)
    assert (len(data), sha256(data).hexdigest()) == (picture.size_bytes, picture.sha256)
    assert (checked.width, checked.height) == (SIDE, SIDE)


def test_what_holds_something_is_left_alone(month: tuple[Path, Made]) -> None:
    """A mistyped folder loses nothing."""
    with pytest.raises(FileExistsError):
        simulate(month[0], SHAPE)
