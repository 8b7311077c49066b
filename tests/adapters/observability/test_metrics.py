"""How figures are written, and in which format; what the service measures is tried where it is asked over HTTP."""

from __future__ import annotations

import pytest

from adapters.observability.metrics import wants_openmetrics, written
from adapters.ports.measured import Distribution, Measured


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", True),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.1", False),
        ("application/openmetrics-text;q=0", False),
        ('application/openmetrics-text;version=x";q=2', True),
        ("APPLICATION/OPENMETRICS-TEXT ; Q=1", True),
        (",;,;q=,q=1", False),
    ],
)
def test_openmetrics_is_written_where_it_is_preferred(accept: str, *, is_open: bool) -> None:
    """Plain text to everybody else, also to who says nothing that is understood."""
    assert wants_openmetrics(accept) is is_open


def test_a_spread_counts_each_value_once_at_its_bound() -> None:
    """At a bound a value is not above it; what is larger than all is in the last part alone."""
    spread = Distribution((1, 2, 5))
    for each in (0.5, 1, 1.5, 5, 6, 70):
        spread.add(each)
    text = written([Measured("abby_ledger_batch_commands", spread.spread())])[0].decode()
    told = [line.partition("{")[2] for line in text.splitlines() if line.startswith("abby_ledger_batch_commands_b")]
    assert told == ['le="1"} 2.0', 'le="2"} 3.0', 'le="5"} 4.0', 'le="+Inf"} 6.0']
    assert "abby_ledger_batch_commands_sum 84.0" in text
    assert "abby_ledger_batch_commands_count 6.0" in text


@pytest.mark.parametrize(
    "strange", [Measured("abby_unknown", 1), Measured("abby_ready", 1, ("a-label",)), Measured("abby_decisions", 1)]
)
def test_a_figure_that_the_table_does_not_describe_is_a_defect(strange: Measured) -> None:
    """Nothing is shown without a meaning, or with labels that nobody bounded."""
    with pytest.raises((KeyError, ValueError, AssertionError)):
        written([strange])
