"""`/v1/admin/report`: the figures of `abby report`, of the log that the service holds, and what draws their charts."""

from __future__ import annotations

import asyncio
import gzip
import sys

import pytest

from adapters.reports import reporting
from adapters.reports.looks import ON_THE_PAGE
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png

pytest.importorskip("duckdb", reason="the extra `reports` is not installed: pip install -e '.[reports]'")

SCRIPT = "/v1/admin/charts.js"


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
    for name in ("duckdb", "vl_convert"):
        monkeypatch.setitem(sys.modules, name, None)
    for path in ("/v1/admin/report", SCRIPT):
        answer = await service.ask("GET", path)
        assert answer.status == 501
        assert "pip install" in answer.json["detail"]


@pytest.mark.parametrize("ground", ["light", "dark"])
async def test_it_brings_its_charts_where_they_are_asked_for(service: Running, ground: str) -> None:
    """In the colours of the page on that ground, in words too, and the empty ones are said to be so."""
    await service.send_json("POST", "/v1/users/1/generations", {"prompt": "a fox", "width": 64, "height": 64})
    told = (await service.ask("GET", f"/v1/admin/report?days=30&charts={ground}")).json
    found = {chart["name"]: chart for chart in told["charts"]}
    assert [name for name, chart in found.items() if not chart["is_empty"]] == ["generations", "storage", "seconds"]
    assert [name for name, chart in found.items() if chart["is_empty"]] == ["refusals"]
    assert found["generations"]["says"] == "Generations by day: 1 kept."
    assert found["generations"]["description"]["data"]["values"][0]["count"] == 1
    colours = found["generations"]["description"]["encoding"]["color"]["scale"]["range"]
    assert colours == [ON_THE_PAGE[ground].outcomes[0]]
    assert "charts" not in (await service.ask("GET", "/v1/admin/report?days=30")).json


async def test_the_script_that_draws_is_sent_compressed_and_once(service: Running) -> None:
    """It is the same either way, and who has it is told so."""
    plain = await service.ask("GET", SCRIPT)
    assert (plain.status, plain.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert plain.headers["vary"] == "Accept-Encoding"
    for takes in ("gzip", "br, GZIP;q=0.5", "deflate, gzip ; q=1.0"):
        packed = await service.ask("GET", SCRIPT, headers={"Accept-Encoding": takes})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body) / 2
    for takes in ("gzip;q=0", "gzip; q=0.00, br", "identity", "xgzip"):
        answer = await service.ask("GET", SCRIPT, headers={"Accept-Encoding": takes})
        assert "content-encoding" not in answer.headers
    for answer, takes in ((plain, ""), (packed, "gzip")):
        headers = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": takes}
        again = await service.ask("GET", SCRIPT, headers=headers)
        assert (again.status, again.body) == (304, b"")
    assert plain.headers["etag"] != packed.headers["etag"]


async def test_the_script_is_made_once_for_all_who_ask(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds of a processor."""
    made = list[str]()

    def script(snippet: str) -> str:
        made.append(snippet)
        return "export {};"

    monkeypatch.setattr("adapters.http.routes.charts.script", script)
    answers = await asyncio.gather(*(service.ask("GET", SCRIPT) for _ in range(12)))
    assert {answer.body for answer in answers} == {b"export {};"}
    assert len(made) == 1


async def test_what_cannot_be_meant_is_told(service: Running) -> None:
    """As a problem."""
    for query in ("by=colour", "charts=blue", "days=0", "days=x", "other=1"):
        assert (await service.ask("GET", f"/v1/admin/report?{query}")).status == 400
