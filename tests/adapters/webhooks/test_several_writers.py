"""Where several processes write one log, one of them tells, and another goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.eventlog.postgres.company import Company
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import StorageUnavailable
from adapters.settings.webhooks import signing_key
from adapters.webhooks.cursor import CursorOfAll, KeptCursor, Marks, mark_at
from adapters.webhooks.receiver import Receiver
from adapters.webhooks.telling import LOOK_SECONDS, Webhooks
from tests.adapters.webhooks.inbox import SECRET, Inbox, Post, policy_changes
from tests.servers.postgres import new_database


async def until(holds: Callable[[], bool], what: str) -> None:
    """Waits until something holds."""
    for _ in range(1_500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


def telling(store: Storage, inbox: Inbox) -> Webhooks:
    """What tells, of the process that has this store."""
    kept = CursorOfAll(store, KeptCursor(store.root, Files()))
    return Webhooks(store, Receiver(inbox.address, signing_key(SECRET), store.clock), ("PolicyChanged",), kept)


def is_first(store: Storage) -> bool:
    """Whether it is the process that tells."""
    shared = store.running().shared
    return shared is not None and shared.is_first


class Alone(NamedTuple):
    """The one process of a log, which tells once its teller is started."""

    store: Storage
    inbox: Inbox
    cursor: CursorOfAll
    teller: Webhooks


@asynccontextmanager
async def alone(root: Path) -> AsyncIterator[Alone]:
    """It and its inbox, until both are stopped."""
    environment, inbox = new_database(), Inbox()
    await inbox.up()
    with closing(open_store(root, engine=choose_engine(LogKeeper(POSTGRES_MODULE, environment)))) as store:
        await until(lambda: is_first(store), "it is alone")
        teller = telling(store, inbox)
        try:
            yield Alone(store, inbox, CursorOfAll(store, KeptCursor(store.root, Files())), teller)
        finally:
            await teller.stop()
            await inbox.down()


async def test_each_event_is_told_once_whoever_is_there(tmp_path: Path) -> None:
    """By the one that came first; once that has gone, by the other, behind what was told."""
    environment, inbox = new_database(), Inbox()
    await inbox.up()
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, environment))
    with closing(open_store(tmp_path / "second", engine=engine)) as second:
        first = open_store(tmp_path / "first", engine=choose_engine(LogKeeper(POSTGRES_MODULE, environment)))
        roots = [store.running().shared for store in (first, second)]
        assert None not in roots
        await until(lambda: sum(shared.is_first for shared in roots if shared) == 1, "nobody is the first")
        tellers = [telling(store, inbox) for store in (first, second)]
        for teller in tellers:
            teller.start()
        try:
            await asyncio.to_thread(policy_changes, first, 11, 12)
            await asyncio.to_thread(policy_changes, second, 13)
            await until(lambda: inbox.limits() == [11, 12, 13], "not told")
            await tellers[0].stop()
            first.close()
            await asyncio.to_thread(policy_changes, second, 14)
            await until(lambda: inbox.limits()[-1] == 14, "the second never went on")
            assert inbox.limits() == [11, 12, 13, 14]
        finally:
            for teller in tellers:
                await teller.stop()
            await inbox.down()


async def test_whoever_goes_on_takes_in_first_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lags behind what the former has told waits: it would tell that once more, and so would the next."""
    environment, inbox = new_database(), Inbox()
    await inbox.up()
    first = open_store(tmp_path / "first", engine=choose_engine(LogKeeper(POSTGRES_MODULE, environment)))
    await until(lambda: is_first(first), "it is alone")
    with closing(
        open_store(tmp_path / "second", engine=choose_engine(LogKeeper(POSTGRES_MODULE, environment)))
    ) as second:
        tellers = [telling(store, inbox) for store in (first, second)]
        for teller in tellers:
            teller.start()
        try:
            with monkeypatch.context() as lagging:
                lagging.setattr(second.running(), "follow", lambda: 0)
                await asyncio.to_thread(policy_changes, first, 11, 12, 13)
                await until(lambda: inbox.limits() == [11, 12, 13], "not told")
                await tellers[0].stop()
                first.close()
                await until(lambda: is_first(second), "nobody took over")
                await asyncio.sleep(1.2)
                cursor = CursorOfAll(second, KeptCursor(second.root, Files())).read()
                assert cursor is not None
                assert cursor[-1].position > second.running().state.position
            await asyncio.to_thread(policy_changes, second, 14)
            await until(lambda: inbox.limits()[-1] == 14, "it never went on")
            assert [post.message["data"]["limits"]["daily"] for post in inbox.posts] == [11, 12, 13, 14]
        finally:
            for teller in tellers:
                await teller.stop()
            await inbox.down()


@pytest.mark.parametrize("status", [204, 500])
async def test_whoever_lost_the_duty_meanwhile_sets_nobody_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """One that slept while its message was taken, or was not, finds that another has told it, and more."""
    async with alone(tmp_path) as (store, inbox, cursor, teller):
        told_by_another = 0

        def meanwhile(post: Post) -> web.Response:
            nonlocal told_by_another
            company = store.running().shared
            assert isinstance(company, Company)
            if post.message["data"]["limits"]["daily"] == 12:
                told_by_another = store.running().state.position
                cursor.write((mark_at(store, told_by_another),))
                monkeypatch.setattr(Company, "is_first", False)  # until it looks again, and has it still
                asyncio.get_running_loop().call_later(3 * LOOK_SECONDS, monkeypatch.undo)
                return web.Response(status=status)
            return web.Response(status=204)

        inbox.answers = meanwhile
        teller.start()
        await asyncio.to_thread(policy_changes, store, 11)
        await until(lambda: inbox.limits() == [11], "not told")
        await asyncio.to_thread(policy_changes, store, 12, 13)
        await until(lambda: is_first(store) and told_by_another > 0, "it never looked again")
        await asyncio.to_thread(policy_changes, store, 14)
        await until(lambda: 14 in inbox.limits(), "it never went on")
        positions = [post.message["position"] for post in inbox.posts]
        assert all(position > told_by_another for position in positions[2:])
        assert positions == sorted(set(positions))


async def test_whoever_could_not_note_it_for_long_sets_nobody_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database was away for it, another has told more."""
    async with alone(tmp_path) as (store, inbox, cursor, teller):
        told_by_another = 0

        def away(_: CursorOfAll, marks: Marks) -> None:
            nonlocal told_by_another
            monkeypatch.undo()
            policy_changes(store, 12)
            told_by_another = store.running().state.position
            assert marks[-1].position < told_by_another
            cursor.write((mark_at(store, told_by_another),))
            raise StorageUnavailable("It is away.")

        teller.start()
        await until(lambda: cursor.read() is not None, "it never began")
        monkeypatch.setattr(CursorOfAll, "write", away)
        await asyncio.to_thread(policy_changes, store, 11)
        await until(lambda: told_by_another > 0, "it was not noted")
        await asyncio.to_thread(policy_changes, store, 13)
        await until(lambda: inbox.limits()[-1:] == [13], "it never went on")
        assert inbox.limits() == [11, 13]
