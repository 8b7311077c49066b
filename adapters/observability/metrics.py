"""The metrics of a service in Prometheus' formats: their names, what they mean, and how they are written.

Nothing is counted here and nothing kept: at each scrape the parts say what they measure (`ports/measured.py`), and one
table says what that is. A figure that the table does not know is a defect. So is a label that it does not name; no
label's values come from users, prompts, styles or servers, whose number nobody bounds.

Names follow https://prometheus.io/docs/practices/naming/ : the unit last, counters end in `_total` when written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector, CollectorRegistry

from adapters.ports.measured import Measured, Spread

TEXT: Final = "text/plain"
OPENMETRICS: Final = "application/openmetrics-text"
MEDIA_TYPES = (TEXT, OPENMETRICS)
_OPENMETRICS_1_0 = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
_QUALITY = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$")


class Kind(StrEnum):
    """What a figure does: it only grows while the process lives, goes up and down, or tells how values are spread."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Described(NamedTuple):
    """What a metric is, in a sentence, and what tells its series apart."""

    kind: Kind
    says: str
    labels: tuple[str, ...] = ()


METRICS: Mapping[str, Described] = {
    "abby_build_info": Described(Kind.GAUGE, "1; the label tells which version runs.", ("version",)),
    "abby_ready": Described(Kind.GAUGE, "1 where commands are admitted, as /readyz says."),
    "abby_degraded": Described(Kind.GAUGE, "1 where an operator should look at something."),
    "abby_readiness_note": Described(Kind.GAUGE, "1 while /readyz has a note of this kind.", ("note",)),
    "abby_decisions": Described(
        Kind.COUNTER,
        "Commands since the start by how they ended: accepted, replayed, refused or failed, and why.",
        ("outcome", "reason"),
    ),
    "abby_events_recorded": Described(Kind.COUNTER, "Events recorded since the start, by type.", ("type",)),
    "abby_image_saved_bytes": Described(Kind.COUNTER, "Bytes of images saved since the start, temp files included."),
    "abby_ledger_append_seconds": Described(
        Kind.HISTOGRAM, "Seconds until a batch of events was appended and surely on the disk."
    ),
    "abby_ledger_batch_commands": Described(Kind.HISTOGRAM, "Commands that were decided together."),
    "abby_ledger_commands_waiting": Described(Kind.GAUGE, "Commands that wait to be decided."),
    "abby_ledger_disk_wait_seconds": Described(
        Kind.GAUGE, "Seconds that the ledger has waited for the disk; 0 while it does not."
    ),
    "abby_log_position": Described(Kind.GAUGE, "The position of the log's last event."),
    "abby_log_behind_seconds": Described(
        Kind.GAUGE, "How long ago all that other processes recorded was surely taken in, where several write the log."
    ),
    "abby_log_turn_wait_seconds": Described(
        Kind.HISTOGRAM, "Seconds that a batch waited for its turn to write, where several processes write the log."
    ),
    "abby_log_turns_missed": Described(
        Kind.COUNTER, "Batches that were written without a turn, as none came in time, since the start."
    ),
    "abby_log_events_taken_in": Described(
        Kind.COUNTER, "Events that were taken in from the database since the start, recorded by other processes."
    ),
    "abby_log_size_bytes": Described(Kind.GAUGE, "Bytes of the log."),
    "abby_log_last_event_age_seconds": Described(
        Kind.GAUGE, "Seconds since the log's last event; negative where it lies ahead of the clock."
    ),
    "abby_pool_used_bytes": Described(Kind.GAUGE, "Bytes that all users' images and temp files take."),
    "abby_pool_held_bytes": Described(Kind.GAUGE, "Bytes that are held for generations under way."),
    "abby_pool_limit_bytes": Described(Kind.GAUGE, "Bytes that all users together may use and hold."),
    "abby_users": Described(Kind.GAUGE, "Users who have or had images."),
    "abby_disk_free_bytes": Described(Kind.GAUGE, "Bytes free on the disk of the images, and of the log.", ("of",)),
    "abby_bucket_requests": Described(
        Kind.COUNTER,
        "Requests to the bucket of the images since the start, by what was asked and how it ended: done, missing, "
        "refused, failed or silent.",
        ("verb", "outcome"),
    ),
    "abby_bucket_request_seconds": Described(
        Kind.HISTOGRAM, "Seconds that such a request took, the client's repeats among them.", ("verb",)
    ),
    "abby_bucket_names_unfinished": Described(
        Kind.GAUGE, "Names of which something is still to be deleted in the bucket, or a mark of it on this machine."
    ),
    "abby_generation_requests": Described(Kind.GAUGE, "Generations under way: running, waiting and being kept."),
    "abby_generation_requests_limit": Described(Kind.GAUGE, "So many of them are taken; one more is refused."),
    "abby_generation_requests_running": Described(Kind.GAUGE, "Generations whose turn it is at the provider."),
    "abby_generation_requests_waiting": Described(Kind.GAUGE, "Generations that wait for their turn."),
    "abby_generation_wait_seconds": Described(
        Kind.HISTOGRAM, "Seconds that generations waited for their turn, of those that had to."
    ),
    "abby_provider_requests": Described(
        Kind.COUNTER,
        "Requests to the provider since the start by how they ended: made, cancelled, or the kind of failure.",
        ("provider", "outcome"),
    ),
    "abby_provider_request_seconds": Described(
        Kind.HISTOGRAM, "Seconds that the provider took for a request, failed ones included.", ("provider",)
    ),
    "abby_provider_pictures": Described(Kind.COUNTER, "Pictures the provider made since the start.", ("provider",)),
    "abby_provider_credits": Described(
        Kind.COUNTER, "Credits that the provider said it took since the start.", ("provider",)
    ),
    "abby_provider_resting": Described(
        Kind.GAUGE, "1 while the provider is not asked: it rests after failures, or there is none.", ("provider",)
    ),
    "abby_bot_online": Described(Kind.GAUGE, "1 while commands arrive from Discord; absent where there is no bot."),
    "abby_bot_gateway_seconds": Described(Kind.GAUGE, "Seconds that Discord's gateway took for the last heartbeat."),
    "abby_bot_guilds": Described(Kind.GAUGE, "Servers that the bot is in."),
    "abby_webhook_attempts": Described(
        Kind.COUNTER, "Posts to the receiver of webhooks since the start: taken or failed.", ("outcome",)
    ),
    "abby_webhook_away_seconds": Described(
        Kind.GAUGE, "Seconds since the receiver of webhooks first failed to take what waits; 0 while it takes all."
    ),
    "abby_purchases_unsettled": Described(
        Kind.GAUGE, "Purchases with the external currency that are not settled; absent where there is none."
    ),
    "abby_purchases_disputed": Described(
        Kind.GAUGE, "Those of them on which the currency's service and the log do not agree: people have to look."
    ),
    "abby_webhook_position": Described(
        Kind.GAUGE, "The position up to which webhooks are told; absent where there are none."
    ),
}
"""Every metric of ours by its name, a counter's without `_total`."""


def written(measured: Iterable[Measured], accept: str = "") -> tuple[bytes, str]:
    """The figures, and those of the process, as a scraper with that `Accept` takes them; and their content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(measured))
    ProcessCollector(registry=registry)  # says nothing where there is no /proc
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    if wants_openmetrics(accept):
        text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # it has no types
        return text, _OPENMETRICS_1_0
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is named, and plain text not preferred to it."""
    qualities: dict[str, float] = {}
    for one in accept.lower().split(","):
        kind, *parameters = one.split(";")
        found = [float(quality[1]) for part in parameters if (quality := _QUALITY.match(part.strip()))]
        qualities[kind.strip()] = max(qualities.get(kind.strip(), 0.0), found[0] if found else 1.0)
    return qualities.get(OPENMETRICS, 0.0) > 0 and qualities[OPENMETRICS] >= qualities.get(TEXT, 0.0)


class _Given(Collector):
    """Figures as the library takes them, each family once, in the order of the table."""

    def __init__(self, measured: Iterable[Measured]) -> None:
        self._by_name: dict[str, list[Measured]] = {}
        for one in measured:
            self._by_name.setdefault(one.name, []).append(one)

    def collect(self) -> Iterator[Metric]:
        """What was measured of each metric. Raises KeyError for one that the table does not know."""
        for name in sorted(self._by_name, key=list(METRICS).index):
            yield _family(name, METRICS[name], self._by_name[name])


def _family(name: str, described: Described, measured: Iterable[Measured]) -> Metric:
    family: Metric
    match described.kind:
        case Kind.COUNTER:
            family = CounterMetricFamily(name, described.says, labels=described.labels)
        case Kind.GAUGE:
            family = GaugeMetricFamily(name, described.says, labels=described.labels)
        case Kind.HISTOGRAM:
            family = HistogramMetricFamily(name, described.says, labels=described.labels)
    for one in measured:
        assert len(one.labels) == len(described.labels), f"{name} has the labels {described.labels}"
        if isinstance(family, HistogramMetricFamily):
            assert isinstance(one.value, Spread), f"{name} is a histogram"
            family.add_metric(one.labels, _buckets(one.value), one.value.sum)
        else:
            assert isinstance(family, CounterMetricFamily | GaugeMetricFamily)
            assert not isinstance(one.value, Spread), f"{name} is one figure"
            family.add_metric(one.labels, one.value)
    return family


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    inner = [(f"{bound:g}", float(count)) for bound, count in zip(spread.bounds, spread.at_most, strict=True)]
    return [*inner, ("+Inf", float(spread.count))]
