"""The closed set of reasons: the examples that other tests go through leave none out."""

from __future__ import annotations

from typing import get_args

from adapters.ports.failure_reasons import FailureKind, Instead, NotAsPromised, Obstacle, PlainReason, Unreachable
from adapters.ports.failures import FailureReason
from tests.adapters.ports.every_reason import EVERY_REASON, ONE_OF_KIND


def test_the_examples_are_of_every_reason() -> None:
    """A new reason needs one, and so meets every table of words."""
    assert {type(reason) for reason in EVERY_REASON} == set(get_args(FailureReason))
    assert set(PlainReason) <= {reason for reason in EVERY_REASON if isinstance(reason, PlainReason)}
    assert {reason.instead for reason in EVERY_REASON if isinstance(reason, NotAsPromised)} == set(Instead)
    assert {reason.obstacle for reason in EVERY_REASON if isinstance(reason, Unreachable)} == set(Obstacle)


def test_every_kind_has_a_reason() -> None:
    """And each reason one kind, which is told by the reason alone."""
    assert set(ONE_OF_KIND) == set(FailureKind)
