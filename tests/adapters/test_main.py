"""Rules of the service's end: what its exit code says of why it ended."""

from __future__ import annotations

import pytest

from adapters.main import _exit_code
from adapters.ports.faults import LedgerStopped, LogDamaged


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        ([], 74),
        ([OSError("a failing disk")], 74),
        ([LogDamaged("found behind a snapshot")], 65),
        ([LedgerStopped("the recorder's"), LogDamaged("found behind a snapshot")], 65),
    ],
)
def test_a_service_that_stops_over_damage_says_so_by_its_code(causes: list[Exception], code: int) -> None:
    """Damage ends in 65 as at a start, so that no supervisor starts it again and again; a failing disk in 74."""
    fault: Exception = LedgerStopped("the ledger's")
    first = fault
    for cause in causes:
        fault.__cause__ = cause
        fault = cause
    assert _exit_code(first) == code
