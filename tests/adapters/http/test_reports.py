"""`/v1/admin/report`: the figures of `abby report`, of the log that the service holds."""

from __future__ import annotations

import sys

import pytest

from adapters.reports import reporting
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png

pytest.importorskip("duckdb", reason="the extra `reports` is not installed: pip install -e '.[reports]'")


@pytest.mark.parametrize("by", ["", *reporting.KEYS])
async def test_the_report_is_that_of_the_command(service: Running, by: str) -> None:
    """By everything that it can be told by; its members are as the document says."""
    await service.send_json("POST", "/v1/users/1/generations", {"prompt": "a fox", "width": 64, "height": 64})
    await service.upload("2", png(), "a.png")
    told = (await service.ask("GET", f"/v1/admin/report?days=30{by and f'&by={by}'}")).json
    assert told["by"] == by or "day"
    assert (told["total"]["asked"], told["total"]["kept"], told["total"]["users"]) == (2, 2, 2)
    assert sum(row["kept"] for row in told["rows"]) == 2
    assert told["forecast"]["sentence"]


async def test_an_empty_log_has_a_report_too(service: Running) -> None:
    """Of nothing."""
    told = (await service.ask("GET", "/v1/admin/report")).json
    assert (told["rows"], told["total"]["asked"], told["first_day"]) == ([], 0, None)


async def test_without_the_extra_it_is_told_how_to_get_it(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """501, with the command."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    answer = await service.ask("GET", "/v1/admin/report")
    assert answer.status == 501
    assert "pip install" in answer.json["detail"]


async def test_what_cannot_be_meant_is_told(service: Running) -> None:
    """As a problem."""
    for query in ("by=colour", "days=0", "days=x", "other=1"):
        assert (await service.ask("GET", f"/v1/admin/report?{query}")).status == 400
