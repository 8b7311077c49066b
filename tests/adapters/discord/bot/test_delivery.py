"""A picture that was made reaches whoever asked, or its name does, whatever one call to Discord comes to.

Every call of the way of a picture x every fault, once and for ever. Rows of one fault run beside each other on one bot,
each with a user and a channel of its own, to whom the fault is kept.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.quick import running
from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.rest import Trouble
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Channel, Upload
from tests.emulators.automatic1111 import Automatic1111Emulator

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALWAYS = 1_000_000
KEPT_AS = "image_to_image/image_1.png"
PATIENCE_SECONDS = 30.0
_numbers = itertools.count(1)


class Fault(NamedTuple):
    """What comes of a call; the members of a `Trouble`."""

    status: int
    code: int = 0
    more: dict[str, Any] = {}  # noqa: RUF012 - nobody adds to it

    def trouble(self, where: str, times: int, **narrowed: Any) -> Trouble:
        """An order for it."""
        more = {"until": asyncio.Event(), **narrowed} if self.more.get("hangs") else {**self.more, **narrowed}
        return Trouble(where, self.status, times, code=self.code, **more)


FAULTS = {
    "dropped": Fault(0),
    "dropped after it reached Discord": Fault(0, more={"reaches": True}),
    "hanging": Fault(200, more={"hangs": True}),
    "500": Fault(500),
    "503": Fault(503),
    "429": Fault(429, more={"retry_after": 0.05}),
    "429 without Via": Fault(429, more={"via": False}),
    "400": Fault(400),
    "403": Fault(403, 50013),
    "413": Fault(413, 40005),
    "message deleted": Fault(404, 10008),
    "token ended": Fault(401, 50027),
}
ANSWER, MORE, CHANNEL = r"PATCH /webhooks/", r"POST /webhooks/", r"POST /channels/"
REMOVAL = r"DELETE /webhooks/"
CALLBACK = r"POST /interactions/.*/callback"
OVER = "token ended"
"""At the first call, nobody can be answered, and nothing is made; later, what is for one user alone reaches nobody."""
EARNED = re.compile("40060|50027|DELETE .*10008|came again before the time that its 429 named")
"""What the fake complains of where a call reached it that the bot knows nothing of, a token has ended, or the answer
does not wait for the limit of an edit of progress. A promise that is gone already is taken back once more in vain.
"""


class Row(NamedTuple):
    """A user in a channel, and what they see."""

    stage: Stage
    person: Person
    channel: Channel

    async def ask(self, count: int = 1, side: int = 64) -> Interaction:
        """Asks for pictures; a single one is a small one made from another, as nobody looks at it."""
        if count == 1:
            options = {"prompt": "a cat", "image": Upload("in.png", png(side), "image/png")}
            return await self.person.slash("imgimg", options, channel=self.channel)
        return await self.person.slash("imagine", {"prompt": "a cat", "count": count}, channel=self.channel)

    def order(self, fault: Fault, where: str, times: int = 1, **narrowed: Any) -> Trouble:
        """A fault for the calls that answer this user, or that go into this channel."""
        if where == CHANNEL:
            trouble = fault.trouble(rf"{CHANNEL}{self.channel.id}/", times, **narrowed)
        else:
            trouble = fault.trouble(where, times, user=self.person, **narrowed)
        self.stage.discord.rest.troubles.append(trouble)
        return trouble

    @property
    def seen(self) -> list[Message]:
        """What the bot shows this user."""
        shown = [message for message in self.channel.history if message.author.is_bot]
        return [message for message in shown if not (message.deleted or message.loading)]

    def pictures(self) -> int:
        """How many pictures the user sees."""
        return sum(len(message.attachments) for message in self.seen)

    async def until(self, look: Callable[[], object]) -> None:
        """Waits until it is true of what the user sees."""
        await self.stage.discord.world.bell.until(
            look, timeout=PATIENCE_SECONDS, what=lambda: f"{[message.text for message in self.seen]} of {self.person}"
        )

    async def told_of_all(self, count: int = 1) -> None:
        """Waits until so many pictures are shown, or named as made and kept."""
        await self.until(lambda: self.pictures() + sum("made and kept as" in one.text for one in self.seen) >= count)
        assert "Generation Error" not in "\n".join(message.text for message in self.seen)

    async def private(self, command: str, **options: object) -> str:
        """The answer to a command that the user alone sees."""
        message = await finished(await self.person.slash(command, options, channel=self.channel))
        return message.text.replace("\\", "")

    async def why(self) -> str:
        """What the user is told who asks why, once nothing is wrong any more."""
        for trouble in self.stage.discord.rest.troubles:
            trouble.times = 0 if trouble.user is self.person else trouble.times
        return await self.private("why")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """An impatient bot on a fake Discord with one guild."""
    root = tmp_path_factory.mktemp("delivery") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        async with running(fake, root, API_HOST=address) as bot:
            yield Stage(bot, fake, painter, guild, root)


@pytest.fixture(autouse=True)
def no_complaints(stage: Stage) -> Iterator[None]:
    """After each test the fake complains of nothing else than what these faults bring."""
    yield
    complaints, stage.discord.world.complaints[:] = stage.discord.complaints, []
    assert [one for one in complaints if not EARNED.search(one)] == []
    assert stage.discord.unknown_routes == []


def row_of(stage: Stage) -> Row:
    """A user whom nobody has met before, in a channel of their own."""
    number = next(_numbers)
    return Row(stage, stage.discord.user(f"user {number}"), stage.discord.channel(f"room {number}", stage.guild))


async def together(rows: Sequence[Awaitable[None]]) -> None:
    """All rows beside each other; every one that fails is told."""
    ended = await asyncio.gather(*rows, return_exceptions=True)
    failed = [error for error in ended if error is not None]
    if failed:
        raise ExceptionGroup("rows that failed", [error for error in failed if isinstance(error, Exception)])


OF_A_KIND = ("dropped after it reached Discord", "500", "429", "400")
"""Faults that another one stands for, where what is tested comes after them."""
EACH_KIND = pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=[pytest.mark.thorough] * (fault in OF_A_KIND)) for fault in FAULTS]
)


class TestFaults:
    """Each fault at each call."""

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_one_fault_costs_nobody_a_picture(self, stage: Stage, fault: str) -> None:
        """Whichever call it meets: the promise, the answer, the messages after it."""

        async def at(where: str, count: int = 1, **narrowed: Any) -> None:
            row = row_of(stage)
            row.order(FAULTS[fault], where, **narrowed)
            await row.ask(count)
            await row.until(lambda: row.pictures() >= count)
            await row.told_of_all(count)

        places = [at(ANSWER, with_files=True), at(MORE, count=2, with_files=True)]
        if fault != OVER:
            places.append(at(CALLBACK))
        await together(places)

    @EACH_KIND
    async def test_a_way_that_stays_shut_leaves_another(self, stage: Stage, fault: str) -> None:
        """Or the picture's name, where Discord takes no file."""

        async def with_shut(*ways: str, count: int = 1, expired: bool = False) -> None:
            row = row_of(stage)
            for way in ways:
                row.order(FAULTS[fault], way, ALWAYS, with_files=True)
            asked = await row.ask(count)
            await asked.acknowledged()
            if expired:
                asked.expire()
            await row.told_of_all(count)
            assert "made and kept as" in await row.why()

        await together(
            [
                with_shut(ANSWER),
                with_shut(MORE, count=2),
                with_shut(ANSWER, MORE),
                with_shut(ANSWER, MORE, CHANNEL),
                with_shut(CHANNEL, expired=True),
            ]
        )

    async def test_what_nobody_can_be_told_is_in_the_log_and_in_why(self, stage: Stage) -> None:
        """With the user's id and the picture's name; every fault at once."""

        async def silent(fault: Fault) -> None:
            row = row_of(stage)
            for way in (ANSWER, MORE, CHANNEL):
                row.order(fault, way, ALWAYS)
            await row.ask()
            line = await stage.bot.logged(f'.*"user":{row.person.id},.*reached nobody.*', timeout=PATIENCE_SECONDS)
            assert KEPT_AS in line.group()
            why = await row.why()
            assert f"made and kept as **{KEPT_AS}**" in why
            assert f"`/show {KEPT_AS}`" in why
            assert "image_1.png" in await row.private("history")

        await together([silent(fault) for name, fault in FAULTS.items() if name not in OF_A_KIND])

    @EACH_KIND
    async def test_progress_is_decoration(self, stage: Stage, fault: str) -> None:
        """The picture comes without a wait for it, and nothing of the progress is left on it."""
        row, painter = row_of(stage), stage.painter
        painter.shown = asyncio.Event()
        trouble = row.order(FAULTS[fault], ANSWER, ALWAYS, with_files=False)
        asked = await row.ask()
        await row.until(lambda: trouble.times < ALWAYS)
        painter.shown.set()
        painter.shown = None
        message = await asked.message(lambda message: message.attachments, timeout=PATIENCE_SECONDS)
        trouble.times = 0
        if trouble.until is not None:
            trouble.until.set()
        await row.until(lambda: not message.content)
        assert (row.pictures(), len(row.seen)) == (1, 1)

    @EACH_KIND
    async def test_what_is_for_one_user_alone_comes_too(self, stage: Stage, fault: str) -> None:
        """Galleries, histories, exports: after one fault whole, and never into the channel."""

        async def answered(command: str, words: str, *, where: str = ANSWER, button: str = "") -> None:
            row = row_of(stage)
            await finished(await row.ask())
            if button:
                shown = await finished(await row.person.slash(command, channel=row.channel))
            row.order(FAULTS[fault], where)
            await (row.person.click(shown, button) if button else row.person.slash(command, channel=row.channel))
            await row.until(lambda: any(words in message.text for message in row.seen[1:]))
            assert all(message.ephemeral for message in row.seen[1:])

        if fault == OVER:
            return
        await together(
            [
                answered("gallery", "1 image"),
                answered("history", "image"),
                answered("why", "Made And Kept"),
                answered("quota", "Images: 1", where=CALLBACK),
                answered("privacy", "1 of your images", button="Export my data"),
            ]
        )


class TestRefusals:
    """What is refused after an answer was promised to all."""

    @EACH_KIND
    async def test_it_is_for_who_asked_alone(self, stage: Stage, fault: str) -> None:
        """And nobody is left "thinking", whether the promise can be taken back or not."""
        if fault in {OVER, "message deleted"}:
            return

        async def refused(where: str, times: int = 1) -> None:
            row = row_of(stage)
            row.order(FAULTS[fault], where, times)
            await row.person.context("Upscale", row.person.say("no picture", channel=row.channel))
            await row.until(lambda: any("no picture in this message" in message.text for message in row.seen))
            assert [one.text for one in row.seen if one.embeds and not one.ephemeral] == []
            assert [one for one in row.channel.history if one.loading and not one.deleted] == []

        await together([refused(REMOVAL), refused(REMOVAL, ALWAYS), refused(MORE)])


class TestFlows:
    """Every command and button that makes a picture brings it in the same way."""

    @pytest.mark.parametrize(
        "flow",
        [
            "Again",
            "Vary",
            "menu",
            pytest.param("Upscale", marks=pytest.mark.thorough),
            pytest.param("upscale by name", marks=pytest.mark.thorough),
        ],
    )
    async def test_its_picture_arrives_or_its_name_does(self, stage: Stage, flow: str) -> None:
        """Where nothing but the way into the channel is open, and where Discord takes no file at all."""
        row = row_of(stage)
        first = await finished(await row.ask(2 if flow == "Again" else 1, side=256))
        begin: dict[str, Callable[[], Awaitable[Interaction]]] = {
            "menu": lambda: row.person.context("Upscale", first),
            "upscale by name": lambda: row.person.slash("upscale", {"name": KEPT_AS}, channel=row.channel),
        }
        press = begin.get(flow, lambda: row.person.click(first, flow))
        before = row.pictures()
        for way in (ANSWER, MORE):
            row.order(FAULTS["dropped"], way, ALWAYS, with_files=True)
        await press()
        await row.until(lambda: row.pictures() == before + 1)
        row.order(FAULTS["413"], CHANNEL, ALWAYS, with_files=True)
        await press()
        await row.until(lambda: any("made and kept as" in message.text for message in row.seen))
        assert "Generation Error" not in "\n".join(message.text for message in row.seen)
