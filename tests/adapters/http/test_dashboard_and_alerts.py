"""The dashboard and the alerts for operators ask for what a running service tells, by its names, labels and values."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.application.notes import NoteKind
from adapters.observability.metrics import METRICS, Kind
from tests.adapters.http.conftest import Running

PROJECT = Path(__file__).resolve().parents[3]
OPERATIONS = PROJECT / "docs" / "operations"
ALERTS = OPERATIONS / "alerts.yml"
DOCUMENT = PROJECT / "docs" / "operations.md"
OF_PROMETHEUS = {"up"}
"""What Prometheus itself says of whom it scrapes."""
OF_A_BOT = {"abby_bot_online", "abby_bot_gateway_seconds", "abby_bot_guilds"}
"""There where there is a bot: tests/adapters/discord/test_life.py scrapes them."""
OF_A_BUCKET = {
    "abby_bucket_requests_total",
    "abby_bucket_request_seconds_bucket",
    "abby_bucket_names_unfinished",
}
"""Where images are objects."""
OF_WEBHOOKS = {"abby_webhook_attempts_total", "abby_webhook_away_seconds", "abby_webhook_position"} | {
    "abby_purchases_unsettled",
    "abby_purchases_disputed",
}
"""There where there is a receiver: tests/adapters/webhooks/test_killed.py scrapes them."""
OF_A_SHARED_LOG = {
    "abby_log_behind_seconds",
    "abby_log_turn_wait_seconds_bucket",
    "abby_log_turns_missed_total",
    "abby_log_events_taken_in_total",
}
"""There where several processes write the log: tests/adapters/application/test_shared_log.py measures them."""
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"")


def expressions_of_alerts() -> Iterator[str]:
    """Each rule's expression; the file is read as text, as nothing here reads YAML."""
    text = ALERTS.read_text(encoding="utf-8")
    for found in re.finditer(r"^ {8}expr: (.*(?:\n {10}.*)*)", text, re.MULTILINE):
        yield found[1].removeprefix(">-").replace("\n", " ").strip()


def expressions_of_dashboard() -> Iterator[str]:
    """Each panel's, of its annotation and of its variables."""
    dashboard = json.loads((OPERATIONS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    yield from (one["expr"] for one in dashboard["annotations"]["list"])
    for variable in dashboard["templating"]["list"]:
        yield from re.findall(r"label_values\((.*), \w+\)", variable["query"])


EXPRESSIONS = sorted({*expressions_of_alerts(), *expressions_of_dashboard()})


def names_in(expression: str) -> set[str]:
    """The metrics that an expression asks for: what is no function, label, duration or word of the language."""
    bare = re.sub(r"\"[^\"]*\"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)", " ", expression)
    return {word for word in re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare) if word not in WORDS}


def matchers_in(expression: str) -> set[tuple[str, str]]:
    """The labels that an expression asks for, each with a value that it must be able to have."""
    found = {(label, each) for label, _, values in MATCHER.findall(expression) for each in values.split("|")}
    return {(label, each) for label, each in found if label not in {"job", "instance"}}


def test_there_are_expressions_and_they_are_taken_apart() -> None:
    """So that the tests below cannot pass by testing nothing."""
    assert len(list(expressions_of_alerts())) == ALERTS.read_text(encoding="utf-8").count("- alert: ") > 10
    assert len(list(expressions_of_dashboard())) > 40
    assert names_in('sum by (le) (rate(a_bucket{b="c"}[5m])) / 1e3 > 0.5 and d unless on (x) e') == {
        *("a_bucket", "d", "e")
    }
    assert matchers_in('a{b=~"c|d",job="$job"}') == {("b", "c"), ("b", "d")}


async def test_each_query_asks_for_what_a_running_service_tells(service: Running) -> None:
    """By the names of a real scrape, with labels and values that are there from the start."""
    told = (await service.ask("GET", "/metrics")).body.decode()
    names = {re.match(r"\w+", line)[0] for line in told.splitlines() if not line.startswith("#")}  # type: ignore[index]  # each begins with its name
    labels = set(re.findall(r"(\w+)=\"([^\"]*)\"", told))
    for expression in EXPRESSIONS:
        assert names_in(expression), expression
        of_parts = OF_A_BOT | OF_WEBHOOKS | OF_A_SHARED_LOG | OF_A_BUCKET | OF_PROMETHEUS
        assert names_in(expression) <= names | of_parts, expression
        assert matchers_in(expression) <= labels, expression


def test_each_metric_is_on_the_dashboard() -> None:
    """Whoever adds one says where it is looked at."""
    asked = {name for expression in expressions_of_dashboard() for name in names_in(expression)}
    assert set(METRICS) <= {re.sub("_(total|bucket|sum|count)$", "", name) for name in asked}


def test_each_metric_and_each_note_has_its_row_in_the_document() -> None:
    """A metric with its help, a note with what it means and what to do; and there are no others."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(abby_\w+)`[^|]*\| (.*?) \|", text, re.MULTILINE))
    expected = {name + "_total" * (one.kind is Kind.COUNTER): one.says for name, one in METRICS.items()}
    assert rows == expected
    notes = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    assert notes == [kind.value for kind in NoteKind]


def promtool(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Prometheus' own checker; CI installs it."""
    program = shutil.which("promtool")
    if program is None:
        assert not os.environ.get("CI"), "CI has promtool (Debian: prometheus)"
        pytest.skip("promtool is not installed")
    return subprocess.run([program, *words], input=given, capture_output=True, text=True, timeout=60, check=False)


def test_prometheus_takes_the_rules_and_they_fire() -> None:
    """Each by figures that should make it fire; `alerts.test.yml` has them, and what is quiet when all is well."""
    done = promtool("test", "rules", str(Path(__file__).parent / "alerts.test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    tried = set(
        re.findall(r"alertname: (\w+)", (Path(__file__).parent / "alerts.test.yml").read_text(encoding="utf-8"))
    )
    assert tried == set(re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8")))


async def test_prometheus_takes_the_metrics_and_their_names(service: Running) -> None:
    """Its own lint has nothing to say of ours."""
    told = (await service.ask("GET", "/metrics")).body.decode()
    done = promtool("check", "metrics", given=told)
    said: Any = [line for line in (done.stdout + done.stderr).splitlines() if "abby_" in line]
    assert said == []
    assert done.returncode in {0, 3}, done.stderr
