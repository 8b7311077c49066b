"""A log stands in the schema that POSTGRES_SCHEMA names, whatever else the database holds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.ledger.codec import encode
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from domain.events import PreferenceSet
from tests.servers.postgres import new_database, shared

AT = "2026-01-31T12:00:00.000000Z"


def test_two_logs_in_schemas_of_one_database_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Neither schema is one in which the account looks for names by itself."""
    environment = new_database()
    with psycopg.connect(shared().dsn, dbname=environment["POSTGRES_DBNAME"], autocommit=True) as session:
        for name in ("one", "other"):
            session.execute(f"CREATE SCHEMA {name}")
    heads = {}
    for name, count in (("one", 1), ("other", 2)):
        engine = choose_engine(LogKeeper(POSTGRES_MODULE, {**environment, "POSTGRES_SCHEMA": name}))
        with closing(engine.open_for_writing(tmp_path / name, clock=utc_now)) as log:
            log.append([encode(PreferenceSet(AT, name, "page", "style", str(number))) for number in range(count)])
            heads[name] = log.head
    assert heads == {"one": 1, "other": 2}
