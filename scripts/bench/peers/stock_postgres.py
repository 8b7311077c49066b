"""The stock application of the `eventsourcing` library on PostgreSQL: dynamic consistency boundaries, as its
documentation shows them. Each decision reads what it depends on, is made by a slice, and is appended under the
condition that nothing of that kind came meanwhile; one after the other, as a program that calls it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

import orjson
from eventsourcing.dcb.api import DCBEvent, DCBRecorder
from eventsourcing.dcb.application import DCBApplication
from eventsourcing.dcb.domain import Decision, Selector, Slice, Tagged
from eventsourcing.dcb.persistence import DCBMapper
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.domain import event
from eventsourcing.utils import get_topic, resolve_topic
from psycopg.sql import SQL, Identifier

from scripts.bench.logs import user_name
from scripts.bench.peer import DAILY, Pair

SPREAD = 7_919
"""Prime, so that users come in no order."""
FACTS = ("at", "by", "operation", "expires_at")
"""What is stored of a reservation beside whose it is."""


@dataclass
class Reserved(Decision):
    """A place was given."""

    user: str
    reservation: str
    facts: dict[str, object]


@dataclass
class Released(Decision):
    """It was given back."""

    user: str
    reservation: str
    facts: dict[str, object]


class Mapper(DCBMapper[Decision]):
    """Decisions as JSON, as quick as it gets."""

    def to_dcb_event(self, event: Tagged[Any]) -> DCBEvent:
        """As it is stored."""
        decision = event.decision
        return DCBEvent(type=get_topic(type(decision)), data=orjson.dumps(decision.__dict__), tags=event.tags)

    def to_domain_event(self, event: DCBEvent) -> Tagged[Any]:
        """As it was."""
        return Tagged(tags=event.tags, decision=resolve_topic(event.type)(**orjson.loads(event.data)))


class Change(Slice[Decision]):
    """One decision, and what it knows of what it is about: how many places are open, of those that its tag finds."""

    def __init__(self, pair: Pair, kind: type[Decision]) -> None:
        self.pair = pair
        self.kind = kind
        self.open = 0

    def consistency_boundary(self) -> list[Selector]:
        """A reservation depends on the user's places, its end on the place."""
        tags = _tags(self.pair)
        return [Selector(types=[Reserved, Released], tags=[tags[self.kind is Released]])]

    @event(Reserved)
    def _(self) -> None:
        self.open += 1

    @event(Released)
    def _(self) -> None:
        self.open -= 1

    def execute(self) -> None:
        """One limit, one event."""
        assert self.open == 1 if self.kind is Released else self.open < DAILY
        pair, facts = self.pair, self.pair.reserved()
        kept = {name: facts[name] for name in FACTS}
        self.trigger_event(self.kind, _tags(pair), user=pair.user, reservation=pair.reservation, facts=kept)


def decisions_a_second(environment: Mapping[str, str], users: int, seconds: float) -> float:
    """Durable decisions a second, each in a call of its own, in an empty schema."""
    settings = {
        **environment,
        "PERSISTENCE_MODULE": "eventsourcing.dcb.postgres_tt",
        "MAPPER_TOPIC": get_topic(Mapper),
        "CREATE_TABLE": "no",
        "POSTGRES_POOL_SIZE": "1",
        "POSTGRES_MAX_OVERFLOW": "0",
    }
    with closing(DCBApplication(settings)) as application:
        _make_tables(application.recorder, environment["POSTGRES_SCHEMA"])
        begin = perf_counter()
        for done, change in enumerate(_changes(users), 1):
            application.do(change)
            if (taken := perf_counter() - begin) >= seconds:
                return done / taken
    raise AssertionError("there are always more")


def _make_tables(recorder: DCBRecorder, schema: str) -> None:
    """In its one session: one of its statements finds its table by the search path alone."""
    assert isinstance(recorder, PostgresDCBRecorderTT)
    with recorder.datastore.get_connection() as session:
        session.execute(SQL("SET search_path TO {}").format(Identifier(schema)))
    recorder.create_table()


def _changes(users: int) -> Iterator[Change]:
    for number in count(1):
        pair = Pair(number, user_name(number * SPREAD % users))
        yield Change(pair, Reserved)
        yield Change(pair, Released)


def _tags(pair: Pair) -> list[str]:
    return [f"user:{pair.user}", f"reservation:{pair.reservation}"]
