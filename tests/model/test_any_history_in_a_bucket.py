"""The same histories where images are objects of a bucket, whose answers get lost and whose deletions fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from obstore import exceptions

from adapters.application.staged_ids import StagedIds
from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.marks import Marks
from adapters.imagestore.s3.touched import Touched
from adapters.ports.faults import Fault
from adapters.ports.image_store import Key
from tests.model.asks import Delete, Kin, Save, deletes, saves
from tests.model.machine import AnyHistory
from tests.model.recovering import NOTHING, Cut
from tests.model.rig import Rig
from tests.model.running import play
from tests.model.tally import tally

MOST_EXAMPLES = 1_000
"""Histories in which a breakage must be noticed; most take a few."""
MET = ("the answer to a put was lost", "a deletion failed", "a process was killed", "the power was cut")


class InABucket(AnyHistory):
    """The program and the model, side by side. A full disk is the other histories' matter, as no image fills it here;
    and so is a folder that is still there.
    """

    def fill_disk(self) -> None:
        """Never."""

    def replace_folder(self) -> None:
        """There are none."""

    @precondition(lambda self: self.cut is None)
    @rule(ask=saves | deletes, calls=st.integers(1, 9), choice=st.none() | st.integers(NOTHING, 1_000))
    def cut_off_at_what_stood(self, ask: Save | Delete, calls: int, choice: int | None) -> None:
        """All is carried out and the watermark says so; then a name is used again, and that is cut off somewhere."""
        self.idle(snapshot=False)
        self.cut = Cut(calls, choice, None)
        self._ask([ask._replace(name=Kin.SAME)])


@pytest.fixture(autouse=True)
def _in_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rig, "in_bucket", True)


@pytest.mark.timeout(600)
def test_any_history_over_a_bucket_agrees_with_a_dictionary(record_property: Callable[[str, object], None]) -> None:
    """Every answer, figure, name and byte, and every object."""
    tally.clear()
    play(25, 40, history=InABucket)
    record_property("happened", dict(tally))
    assert all(tally[met] for met in MET), tally


@pytest.mark.thorough
@pytest.mark.timeout(14_400)
def test_any_long_history_over_a_bucket_agrees_with_a_dictionary(
    record_property: Callable[[str, object], None],
) -> None:
    """The long form."""
    tally.clear()
    play(5_000, 100, history=InABucket)
    record_property("happened", dict(tally))


def _without_marks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Marks, "put", lambda *_: None)


def _without_looking_for_what_stood(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StagedIds, "before", lambda *_: None)


def _without_what_stood(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(S3ImageStore, "_gone", lambda _self, _key, touched: set(touched.superseded))


def _without_superseded(patch: pytest.MonkeyPatch) -> None:
    plain = S3ImageStore._gone

    def gone(self: S3ImageStore, key: Key, touched: Touched) -> set[str]:
        return plain(self, key, touched._replace(superseded=frozenset()))

    patch.setattr(S3ImageStore, "_gone", gone)


def _believes_marks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StagedIds, "is_named", lambda *_: False)


def _believes_lost_answers(patch: pytest.MonkeyPatch) -> None:
    def put_new(self: Bucket, key: str, data: bytes, media_type: str) -> None:
        self._put(key, data, media_type)

    patch.setattr(Bucket, "put_new", put_new)


def _deletes_what_stands(patch: pytest.MonkeyPatch) -> None:
    plain = S3ImageStore._gone

    def gone(self: S3ImageStore, key: Key, touched: Touched) -> set[str]:
        return plain(self, key, touched) | ({touched.staged} if touched.staged and touched.superseded else set())

    patch.setattr(S3ImageStore, "_gone", gone)


BREAKAGES: dict[str, Callable[[pytest.MonkeyPatch], Any]] = {
    "what is put is marked": _without_marks,
    "a start looks for what stood before": _without_looking_for_what_stood,
    "what stood before goes": _without_what_stood,
    "what was superseded meanwhile goes": _without_superseded,
    "no mark is believed against the log": _believes_marks,
    "a lost answer is looked up": _believes_lost_answers,
    "what stands stays": _deletes_what_stands,
}
RARE = ("what was superseded meanwhile goes", "no mark is believed against the log", "what stands stays")
"""What only many histories show."""


@pytest.mark.parametrize(
    "broken",
    [pytest.param(broken, marks=[pytest.mark.thorough] if broken in RARE else []) for broken in BREAKAGES],
)
def test_a_program_that_breaks_a_rule_of_buckets_is_noticed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the check."""
    BREAKAGES[broken](monkeypatch)
    with pytest.raises((AssertionError, exceptions.BaseError, OSError, Fault)):
        play(MOST_EXAMPLES, 40, shrink=False, history=InABucket)
