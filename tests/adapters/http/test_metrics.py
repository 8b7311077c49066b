"""What `/metrics` tells, to whom, and that nothing of a person is in it.

| asked | told |
|---|---|
| `Accept` names OpenMetrics, plain text, both, none, nonsense | the format that is preferred, plain text else |
| with a hostile style, guild, name or prompt in the log | none of it: labels are of closed lists |
| by a token for one user | 403: the figures are of all |
| of a root that cannot be opened | that it is not ready, and why |
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

from adapters.application.notes import NoteKind
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.observability.metrics import METRICS, Kind
from adapters.tokens.token import Scope
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_tokens import given
from tests.hostile.builders import png

OF_A_BOT = {"abby_bot_online", "abby_bot_gateway_seconds", "abby_bot_guilds"}
"""Are there where there is a bot: tests/adapters/discord/test_life.py."""
OF_WEBHOOKS = {"abby_webhook_attempts", "abby_webhook_away_seconds", "abby_webhook_position"}
"""Are there where there is a receiver: tests/adapters/webhooks/test_killed.py."""
OF_A_BUCKET = {"abby_bucket_requests", "abby_bucket_request_seconds", "abby_bucket_names_unfinished"}
"""Where images are objects."""
OF_A_SHARED_LOG = {
    "abby_log_behind_seconds",
    "abby_log_turn_wait_seconds",
    "abby_log_turns_missed",
    "abby_log_events_taken_in",
}
"""Are there where others write the log too: tests/adapters/application/test_shared_log.py."""
OF_PURCHASES = {"abby_purchases_unsettled", "abby_purchases_disputed"}
"""Are there where there is an external currency: tests/adapters/market/test_ledger_purchases.py."""


async def scraped(service: Running, accept: str = "") -> dict[str, Any]:
    """The families of a scrape, by name."""
    told = await service.ask("GET", "/metrics", headers={"Accept": accept} if accept else {})
    assert told.status == 200
    return {family.name: family for family in parser.text_string_to_metric_families(told.body.decode())}


def value(families: dict[str, Any], sample: str, **labels: str) -> float:
    """The figure of one series."""
    (found,) = (
        one.value
        for family in families.values()
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    )
    return float(found)


async def test_what_happened_is_counted(serve: Serve) -> None:
    """A picture that was made and one saved, refusals with their reason, appends, the pool, the log's head."""
    service: Running = await serve(SetPolicy(daily=2))
    made = await service.send_json("POST", "/v1/users/1/generations", {"prompt": "a red fox"})
    assert made.status == 201
    assert (await service.upload("1", png(), "a.png")).status == 201
    assert (await service.upload("1", png(), "b.png")).status == 429
    families = await scraped(service)
    assert value(families, "abby_decisions_total", outcome="refused", reason="daily_limit") == 1
    assert value(families, "abby_decisions_total", outcome="refused", reason="busy") == 0
    assert value(families, "abby_events_recorded_total", type="ImageSaved") == 2
    assert value(families, "abby_provider_requests_total", provider="sketch", outcome="made") == 1
    assert value(families, "abby_provider_pictures_total", provider="sketch") == 1
    assert value(families, "abby_provider_request_seconds_count", provider="sketch") == 1
    assert value(families, "abby_ledger_append_seconds_count") >= 4
    assert value(families, "abby_ledger_batch_commands_count") >= 5
    state = service.store.opened().state
    assert value(families, "abby_pool_used_bytes") == state.pool.used_bytes > 0
    assert value(families, "abby_image_saved_bytes_total") == state.pool.used_bytes
    assert value(families, "abby_log_position") == state.position
    assert value(families, "abby_log_size_bytes") == (service.store.root / "logs" / "events.jsonl").stat().st_size
    assert value(families, "abby_ready") == 1
    assert value(families, "abby_readiness_note", note="log_begun") == 1


async def test_each_metric_is_there_from_the_start_with_its_help_and_labels(service: Running) -> None:
    """So a dashboard is not empty, and the first of a kind is an increase. The table knows all that are ours."""
    families = await scraped(service)
    assert set(METRICS) - OF_A_BOT - OF_WEBHOOKS - OF_PURCHASES - OF_A_SHARED_LOG - OF_A_BUCKET == {
        name for name in families if name.startswith("abby_")
    }
    for name, described in METRICS.items():
        assert described.says.endswith("."), name
        if name in OF_A_BOT | OF_WEBHOOKS | OF_PURCHASES | OF_A_SHARED_LOG | OF_A_BUCKET:
            continue
        assert families[name].documentation == described.says
        assert families[name].type == described.kind.value
        assert families[name].samples, name
        for sample in families[name].samples:
            assert set(sample.labels) - {"le"} == set(described.labels)
    assert {sample.labels["note"] for sample in families["abby_readiness_note"].samples} == set(NoteKind)


def test_names_tell_their_units() -> None:
    """As https://prometheus.io/docs/practices/naming/ has it; `_total` is written by the format."""
    for name, described in METRICS.items():
        assert re.fullmatch(r"abby_[a-z]+(_[a-z]+)*", name)
        assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_ms", "_mb", "_percent"))
        if "econds" in described.says and described.kind is not Kind.COUNTER:
            assert name.endswith("_seconds"), name
        if described.says.startswith("Bytes"):
            assert name.endswith("_bytes"), name


@pytest.mark.parametrize("is_open", [False, True])
async def test_the_format_is_the_one_that_is_asked_for(service: Running, *, is_open: bool) -> None:
    """And each can be read by the library's own strict reader."""
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    told = await service.ask("GET", "/metrics", headers={"Accept": accept if is_open else "*/*"})
    text = told.body.decode()
    assert told.status == 200
    assert told.headers["content-type"].startswith(
        "application/openmetrics-text; version=1.0.0" if is_open else "text/plain; version=0.0.4"
    )
    assert text.endswith("# EOF\n") is is_open
    read: Any = openmetrics_families if is_open else parser.text_string_to_metric_families
    families = read(text)
    assert {"abby_ready", "abby_decisions"} <= {family.name for family in families}


async def test_nothing_of_a_person_becomes_a_label(service: Running) -> None:
    """Whatever stands in the log: a scrape after it has the series of a scrape before it."""
    before = {(one.name, *one.labels.items()) for family in (await scraped(service)).values() for one in family.samples}
    hostile = 'x"} 1\nabby_ready 0\n#'
    wanted = WantedPlaces("424242424242", 1, operation="generate", style="fox-of-424242424242")
    await reserve_places(service.store, wanted, actor=Actor("discord:424242424242", origin="guild:424242424242"))
    asked = {"prompt": f"424242424242 {hostile}"}
    assert (await service.send_json("POST", "/v1/users/424242424242/generations", asked)).status == 201
    told = await service.ask("GET", "/metrics")
    assert b"424242424242" not in told.body
    after = {
        (one.name, *one.labels.items())
        for family in parser.text_string_to_metric_families(told.body.decode())
        for one in family.samples
    }
    assert after == before


async def test_a_token_for_one_user_is_not_let_in(serve: Serve) -> None:
    """The figures are of all users together. One that reads for everybody is enough."""
    service: Running = await serve(needs_token=True)
    of_one, of_all = given(service, Scope.ADMIN, user="1"), given(service, Scope.READ)
    assert (await service.ask("GET", "/metrics")).status == 401
    assert (await service.ask("GET", "/metrics", headers=of_one)).status == 403
    assert (await service.ask("GET", "/metrics", headers=of_all)).status == 200


async def test_a_query_is_refused(service: Running) -> None:
    """`name[]` of some servers is not understood, and nothing that is not understood is passed over."""
    assert (await service.ask("GET", "/metrics?name[]=abby_ready")).status == 400


async def test_a_storage_that_stopped_says_so(service: Running) -> None:
    """Then alerts fire by the metric, not by its absence alone."""
    service.store.close()
    families = await scraped(service)
    assert value(families, "abby_ready") == 0
    assert value(families, "abby_degraded") == 1
    assert value(families, "abby_readiness_note", note="ledger_stopped") == 1
    assert "abby_pool_used_bytes" not in families


def test_a_root_that_cannot_be_opened_is_a_note(tmp_path: Path) -> None:
    """Of its own kind."""
    from adapters.application.measuring import _measured  # the part that needs no event loop
    from adapters.engines.opening import open_store

    (tmp_path / "root").write_bytes(b"no folder")
    store: Storage = open_store(tmp_path / "root")
    try:
        told = {one.labels: one.value for one in _measured(store) if one.name == "abby_readiness_note"}
    finally:
        store.close()
    assert [labels for labels, is_told in told.items() if is_told] == [("storage_unavailable",)]
