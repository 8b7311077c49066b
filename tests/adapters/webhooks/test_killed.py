"""A real service that is killed while it tells, and started again: what was taken and noted comes once, the one message
between the two perhaps twice, with its id, and none is left out.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.adapters.cli.processes import Service, serving, write_env_file
from tests.adapters.webhooks.inbox import SECRET, Inbox, Post, taken

WAIT_SECONDS = 20.0
ROUNDS = 4


def settings_for(inbox: Inbox) -> dict[str, str]:
    """Of a service that tells each reservation."""
    return {"WEBHOOK_URL": inbox.address, "WEBHOOK_SECRET": SECRET, "WEBHOOK_EVENTS": "GenerationReserved"}


def killed(service: Service) -> None:
    """At once, as by a lack of memory or a power cut."""
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()


async def reserve(service: Service, user: str) -> None:
    """One more event that is told."""
    async with aiohttp.ClientSession() as session:
        address = f"{service.address}/v1/users/{user}/reservations"
        async with session.post(address, json={"count": 1, "operation": "text_to_image"}) as answer:
            assert answer.status == 201, await answer.text()


async def until_taken(inbox: Inbox, users: set[str]) -> None:
    """All of them are told."""
    async with asyncio.timeout(WAIT_SECONDS):
        while told(inbox).keys() != users:  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


def told(inbox: Inbox) -> Counter[str]:
    """How often each user's reservation was taken."""
    users = {post.id: post.message["data"]["user"] for post in inbox.posts}
    return Counter(users[one] for one in inbox.taken)


@pytest.mark.parametrize("after_answer", [False, True])
async def test_a_killed_service_leaves_nothing_out(tmp_path: Path, *, after_answer: bool) -> None:
    """Killed while the receiver has the message and has not answered, or just as it answers; some times."""
    inbox, users = Inbox(), set[str]()
    await inbox.up()
    settings = write_env_file(tmp_path / "settings", **settings_for(inbox))
    try:
        for number in range(ROUNDS):
            with serving(tmp_path / "root", settings) as service:
                await until_taken(inbox, users)
                came = asyncio.Event()
                inbox.answers = answering(came, answers=after_answer)
                for user in (f"{number}1", f"{number}2"):
                    users.add(user)
                    await reserve(service, user)
                await asyncio.wait_for(came.wait(), WAIT_SECONDS)
                killed(service)
            inbox.answers = taken
        with serving(tmp_path / "root", settings):
            await until_taken(inbox, users)
    finally:
        await inbox.down()
    often = told(inbox)
    assert max(often.values()) <= 2
    assert sum(often.values()) <= len(users) + ROUNDS
    assert len({post.id for post in inbox.posts}) == len(users), "each has one id, however often it came"
    positions = {post.id: post.message["position"] for post in inbox.posts}
    in_order = [positions[one] for one in dict.fromkeys(inbox.taken)]
    assert in_order == sorted(in_order)


def answering(came: asyncio.Event, *, answers: bool) -> Callable[[Post], Awaitable[web.StreamResponse]]:
    """Says that a post came, and takes it, or says nothing more."""

    async def answer(post: Post) -> web.StreamResponse:
        came.set()
        if not answers:
            await asyncio.Event().wait()
        return taken(post)

    return answer


async def test_a_running_service_tells_what_it_does(tmp_path: Path) -> None:
    """It says where to at its start, by the host alone, and in its figures; its secret is nowhere."""
    inbox = Inbox()
    await inbox.up()
    settings = write_env_file(tmp_path / "settings", LOG_LEVEL="DEBUG", **settings_for(inbox))
    with serving(tmp_path / "root", settings) as service:
        await reserve(service, "1")
        await until_taken(inbox, {"1"})
        async with aiohttp.ClientSession() as session, session.get(f"{service.address}/metrics") as answer:
            figures = await answer.text()
        assert 'abby_webhook_attempts_total{outcome="taken"} 1.0' in figures
        assert "abby_webhook_away_seconds 0.0" in figures
        assert "abby_webhook_position" in figures
        service.process.send_signal(signal.SIGTERM)
        out, err = service.process.communicate(timeout=WAIT_SECONDS)
        assert service.process.wait() == 0
        await inbox.down()
    said = out + err
    assert SECRET not in said
    assert SECRET.removeprefix("whsec_") not in said
    assert "/hook" not in said
