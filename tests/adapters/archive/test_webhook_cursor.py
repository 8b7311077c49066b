"""A backup has how far webhooks were told: a restored root leaves nothing out, and tells again only what was told after
the backup began, under the ids that it had.
"""

from __future__ import annotations

from pathlib import Path

from adapters.engines.opening import open_store
from adapters.webhooks.cursor import CURSOR_FILE
from tests.adapters.archive.archiving import backed_up, restored
from tests.adapters.webhooks.inbox import Inbox, Teller, policy_changes, telling


async def taken_of(root: Path, inbox: Inbox, *dailies: int) -> list[int]:
    """What a root tells after a start, until nothing is left; these limits are set in it before."""
    before, store = len(inbox.taken), open_store(root)
    policy_changes(store, *dailies)
    teller = Teller(root, inbox)
    await teller.run(store, lambda: len(teller.time.pauses) > 2)
    store.close()
    by_id = {post.id: post.message["data"]["limits"]["daily"] for post in inbox.posts}
    return [by_id[one] for one in inbox.taken[before:]]


async def test_a_restored_root_goes_on_where_the_backup_was(tmp_path: Path) -> None:
    """What waited at the backup is told, what was told is not, and what comes is."""
    async with telling(tmp_path / "root") as (store, inbox, teller):
        policy_changes(store, 2, 3)
        await teller.run(store, lambda: len(inbox.taken) == 2)
        policy_changes(store, 4)
        store.close()
        backed_up(tmp_path / "root", tmp_path / "backup")
        assert await taken_of(tmp_path / "root", inbox, 50) == [4, 50]
        restored(tmp_path / "backup", tmp_path / "new")
        assert await taken_of(tmp_path / "new", inbox, 60) == [4, 60]
        ids = {post.id for post in inbox.posts if post.message["data"]["limits"]["daily"] == 4}
        assert len(ids) == 1, "what comes again can be told by its id"
        assert len(set(inbox.taken)) == 5


async def test_a_renewed_backup_has_the_newer_cursor_and_one_of_none_has_none(tmp_path: Path) -> None:
    """It is that of the root as it is backed up."""
    kept = tmp_path / "backup" / "log" / CURSOR_FILE
    async with telling(tmp_path / "root") as (store, inbox, teller):
        backed_up(tmp_path / "root", tmp_path / "backup")
        first = kept.read_bytes()
        policy_changes(store, 2)
        await teller.run(store, lambda: len(inbox.taken) == 1)
        backed_up(tmp_path / "root", tmp_path / "backup")
        assert kept.read_bytes() != first
        assert kept.read_bytes() == (tmp_path / "root" / CURSOR_FILE).read_bytes()
        (tmp_path / "root" / CURSOR_FILE).unlink()
        backed_up(tmp_path / "root", tmp_path / "backup")
        assert not kept.exists()


async def test_a_root_of_somebody_elses_backup_begins_anew(tmp_path: Path) -> None:
    """Whom they told what is nothing to this receiver."""
    async with telling(tmp_path / "root") as (store, _, _):
        policy_changes(store, 2)
        store.close()
        backed_up(tmp_path / "root", tmp_path / "backup", with_key=False)
        restored(tmp_path / "backup", tmp_path / "new", most=10**7)
        assert not (tmp_path / "new" / CURSOR_FILE).exists()
        receiver = Inbox()
        await receiver.up()
        assert await taken_of(tmp_path / "new", receiver, 9) == []
        assert await taken_of(tmp_path / "new", receiver, 10) == [10]
        await receiver.down()
