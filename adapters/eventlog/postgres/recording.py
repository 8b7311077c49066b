"""The library's recorder, given the events of a batch as one text, with its tables in the schema that it is told.

The library hands psycopg a composite value for each event, of which psycopg makes text member by member, in Python:
more than half of the time of an append. One text of the whole array, in the form that PostgreSQL reads arrays and
composites in (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO, rowtypes.html#ROWTYPES-IO-SYNTAX), is made
in a tenth of that. And one of the statements that make its tables names one without the schema. Nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier


class TextRecorder(PostgresDCBRecorderTT):
    """It, with quicker appends, in any schema."""

    def construct_psycopg_dcb_events(self, dcb_events: Sequence[DCBEvent]) -> Any:
        """The events as the text of an array of composites, which the server reads as such."""
        return array_of(dcb_events)

    def _create_table(self, curs: Cursor[DictRow]) -> None:
        curs.execute(SQL("SET LOCAL search_path TO {}").format(Identifier(self.datastore.schema)))
        super()._create_table(curs)


def array_of(events: Sequence[DCBEvent]) -> str:
    r"""The text of an array of `(type text, data bytea, tags text[])`: `{"(\"A\",\\\\x00ff,\"{\\\\\"t\\\\\"}\")"}`."""
    members = (f"({_quoted(event.type)},\\\\x{event.data.hex()},{_quoted(_tags(event.tags))})" for event in events)
    return "{" + ",".join(_element(member) for member in members) + "}"


def _tags(tags: Sequence[str]) -> str:
    return "{" + ",".join(_element(tag) for tag in tags) + "}"


def _quoted(text: str) -> str:
    """A member of a composite."""
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _element(text: str) -> str:
    """An element of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
