"""The service's own reading refuses what the verifiers refuse, at the same event: forgeries whose every hash fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.engines.choice import default_engine
from adapters.ledger.projector import Projector
from tests.scripts import lies, lies_of_asks, lies_of_grants, lies_of_thresholds, lies_of_tiers
from tests.scripts.forgery import Lie, chained, head, header_of, lines_of, slot

_TELLERS = (lies, lies_of_grants, lies_of_tiers, lies_of_thresholds, lies_of_asks)
TOLD: list[tuple[str, Lie]] = [
    *((f"{rule}: {what}", lie) for teller in _TELLERS for what, rule, lie in teller.LIES),
    *(told for teller in _TELLERS for told in (*teller.NO_EVENTS, *teller.FALSE_TAGS)),
]


def found(root: Path, log: bytes) -> tuple[int, str] | None:
    """Where `abby verify` finds damage, and how it says so."""
    logs = root / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "events.jsonl").write_bytes(log)
    (logs / "head").write_bytes(head(slot(log, log.count(b"\n") - 1)))
    damage = default_engine().verify(root, on_event=Projector().take).damage
    return None if damage is None else (damage.position or 0, damage.what)


def test_the_log_that_the_lies_are_told_of_is_whole(tmp_path: Path, log: bytes) -> None:
    """With every type of event."""
    assert found(tmp_path, log) is None


@pytest.mark.parametrize(("what", "lie"), TOLD, ids=[what for what, _ in TOLD])
def test_a_lie_is_found_where_the_verifiers_find_it(what: str, lie: Lie, tmp_path: Path, log: bytes) -> None:
    """Each breaks a rule of the document, a form of its data, or its tags."""
    lines = lines_of(log)
    position = lie(lines)
    where = found(tmp_path, chained(header_of(log), lines))
    assert where is not None, what
    assert where[0] == position, where
