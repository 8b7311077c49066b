"""What became of a user's requests: kept, given back without a picture, or refused, each with what it counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Literal

from aiohttp import web

from adapters.application.changes import ChangedEntry, changes_of
from adapters.application.history import Entry, KeptEntry, RefusedEntry, ReleasedEntry, history_of, prompt_of
from adapters.application.storage import Storage
from adapters.http.answers import image_url, json_answer
from adapters.http.contract.past_shapes import (
    ChangedOfHistory,
    GivenBackOfHistory,
    HistoryPage,
    KeptOfHistory,
    RefusedOfHistory,
)
from adapters.http.contract.query import LIMIT, OFFSET, PAGE, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import user_of
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.tokens.token import Scope
from adapters.wording.changes import change_in_words
from adapters.wording.refusals import sentence_of
from adapters.wording.releases import became
from adapters.wording.settlements import settlement_as_data
from domain.events import DailyCountReset, ImageDeleted, LimitsOverridden
from domain.refusals import refusal_of

Line = Entry | ChangedEntry
WITH = Words("with", "What else is told: what was changed about the user.", "^changes$", "changes")
_WHAT: Mapping[type, Literal["limits", "count", "image"]] = MappingProxyType(
    {LimitsOverridden: "limits", DailyCountReset: "count", ImageDeleted: "image"}
)


async def history(request: web.Request) -> web.Response:
    """What became of the user's latest requests, newest first: of each generation its settlement, what it counted and
    cost; of each refusal the sentence that was told. Temp files are left out. With `with=changes` also what was changed
    about the user: limits of their own, today's count, deleted images.
    """
    user, offset, limit = user_of(request), OFFSET.of(request), LIMIT.of(request)
    store = services_of(request).store
    lines = _changed_too if WITH.of(request) else _requests
    answer = await survey(request, user, _page, store, user, lines, offset, limit)
    return json_answer(answer)


def _requests(store: Storage, user: str) -> Sequence[Line]:
    return history_of(store, user)


def _changed_too(store: Storage, user: str) -> Sequence[Line]:
    lines: list[Line] = [*history_of(store, user), *changes_of(store, user)]
    return sorted(lines, key=lambda line: line.position, reverse=True)


def _page(
    store: Storage, user: str, lines: Callable[[Storage, str], Sequence[Line]], offset: int, limit: int
) -> HistoryPage:
    """For a worker."""
    entries = lines(store, user)
    shown = [_told(store, user, entry) for entry in entries[offset : offset + limit]]
    return {"entries": shown, "total": len(entries), "offset": offset, "limit": limit}


def _told(
    store: Storage, user: str, entry: Line
) -> KeptOfHistory | GivenBackOfHistory | RefusedOfHistory | ChangedOfHistory:
    match entry:
        case ChangedEntry():
            return _changed(entry)
        case KeptEntry():
            return {
                "kind": "kept",
                "position": entry.position,
                "at": entry.at,
                "operation": entry.operation,
                "name": entry.name,
                "prompt": prompt_of(store, user, entry),
                "stands": entry.stands,
                "url": image_url(user, entry.name) if entry.stands else None,
                "generation": None if entry.settlement is None else settlement_as_data(entry.settlement),
            }
        case ReleasedEntry():
            return {
                "kind": "given back",
                "position": entry.position,
                "at": entry.at,
                "operation": entry.operation,
                "reason": entry.reason,
                "counted": entry.counted,
                "sentence": became(entry.reason, entry.counted),
                "generation": None if entry.settlement is None else settlement_as_data(entry.settlement),
            }
        case RefusedEntry():
            return {
                "kind": "refused",
                "position": entry.position,
                "at": entry.at,
                "reason": entry.record.reason,
                "sentence": sentence_of(refusal_of(entry.record)),
            }


def _changed(entry: ChangedEntry) -> ChangedOfHistory:
    return {
        "kind": "changed",
        "position": entry.position,
        "at": entry.event.at,
        "what": _WHAT[type(entry.event)],
        "by": entry.event.by,
        "sentence": change_in_words(entry.event, entry.former),
    }


ROUTES = (
    Route(
        "GET",
        "/v1/users/{user}/history",
        history,
        subject="history",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("A page of it.", HistoryPage)},
        query=(*PAGE, WITH),
    ),
)
