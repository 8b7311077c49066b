"""Offers that are paid with an external currency, on Discord: once, whatever is lost, and after a kill too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from adapters.application import market
from adapters.application.results import Actor
from adapters.engines.opening import open_store
from domain.point_commands import Offer
from domain.refusals import Refusal
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import command, running
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.market.bazaar import SETTINGS, Bazaar, said
from tests.adapters.discord.process import BotProcess
from tests.adapters.market.shop import KEY
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import After, Handler, Hang, Reply

TEN = Offer("ten", "generations", 10, 25, 30)
TRIES = 3
SOON = "import adapters.generation.calls as calls\ncalls.FIRST_BACKOFF_SECONDS = 0.01\n"
Start = Callable[[], AbstractAsyncContextManager[BotProcess]]


class Bank(CurrencyEmulator):
    """The service, where everybody has 60. `lost` answers to commits do not arrive, though each is carried out."""

    def __init__(self) -> None:
        super().__init__(KEY, begin_with=60)
        self.lost = 0

    def routes(self) -> list[web.RouteDef]:
        """The service's."""
        return [
            web.RouteDef(one.method, one.path, self._losing(one.handler), one.kwargs)
            if one.path.endswith("commit")
            else one
            for one in super().routes()
        ]

    def _losing(self, handler: Handler) -> Handler:
        async def heard(request: web.Request) -> web.StreamResponse:
            answer = await handler(request)
            if self.lost and request.transport is not None:
                self.lost -= 1
                request.transport.abort()
            return answer

        return heard


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    """One that nobody has used before."""
    bank = Bank()
    async with bank.serving():
        yield bank
    assert bank.complaints == []


@pytest.fixture
async def root(tmp_path: Path) -> Path:
    """A root in which ten pictures are offered for 25."""
    store = open_store(tmp_path / "root")
    assert not isinstance(await market.set_offer(store, TEN, "a fair", actor=Actor("discord:1")), Refusal)
    store.close()
    return tmp_path / "root"


@pytest.fixture
def start(fake: FakeDiscord, root: Path, bank: Bank) -> Start:
    """Starts the bot."""

    @asynccontextmanager
    async def starting() -> AsyncIterator[BotProcess]:
        settings = SETTINGS | {"CURRENCY_URL": bank.address, "CURRENCY_KEY": KEY, "CURRENCY_NAME": "gems"}
        words = command(root, "bot", **settings)
        async with await BotProcess.start(hasty(words, SOON), {}, fake) as bot:
            await bot.ready()
            await fake.synced()
            yield bot

    return starting


async def pressed_until(fake: FakeDiscord, person: Person, message: Message, button: str, words: str) -> None:
    """Presses, and waits for these words."""
    await person.click(message, button)
    await Bazaar(fake, next(iter(fake.world.guilds.values()))).changed(message, words)


async def once(look: Callable[[], bool]) -> None:
    """Waits for something that rings no bell."""
    async with asyncio.timeout(20):
        for _ in range(10_000):
            if look():
                return
            await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def given(root: Path) -> int:
    """How many grants were given."""
    return len(events_of(root, "GrantGiven"))


async def test_the_service_keeps_the_balance_and_is_paid_once(
    fake: FakeDiscord, ann: Person, root: Path, bank: Bank, start: Start
) -> None:
    """However often yes is pressed; whoever has too little there has no yes; points are something else."""
    async with start():
        assert "**25 gems** · **ten**" in (await said(ann, "market")).text
        assert "Offers of `/market` are paid in gems here, and not in stars." in (await said(ann, "points")).text
        question = await said(ann, "buy", offer="ten")
        assert "for **25 gems**." in question.text
        assert "You have 60 gems; 35 are left after it." in question.text
        await asyncio.gather(
            *(pressed_until(fake, ann, question, "Yes, buy it", "Bought for 25 gems.") for _ in range(2))
        )
        assert (bank.paid, bank.held, given(root)) == (25, 0, 1)
        assert "10 generations" in (await said(ann, "quota")).text
        question = await said(ann, "buy", offer="ten")
        await pressed_until(fake, ann, question, "Yes, buy it", "Bought for 25 gems.")
        short = await said(ann, "buy", offer="ten")
        assert "You have 10 gems: 15 too few. Nothing is bought." in short.text
        assert short.buttons == ["Not now"]
    assert (bank.paid, given(root)) == (50, 2)
    assert fake.complaints == []


async def test_a_payment_whose_answer_is_lost_is_made_once_and_asked_about_by_the_same_press(
    fake: FakeDiscord, ann: Person, root: Path, bank: Bank, start: Start
) -> None:
    """It is bought, and not paid twice, however often it is asked about."""
    async with start():
        question = await said(ann, "buy", offer="ten")
        bank.lost = TRIES
        await pressed_until(fake, ann, question, "Yes, buy it", "The payment is not confirmed yet")
        assert "it is asked for until it is, and made only once" in question.text
        assert question.buttons == ["What became of it?", "Back to the market"]
        await pressed_until(fake, ann, question, "What became of it?", "for 30 days**: Bought for 25 gems.\n")
        assert question.buttons == ["Back to the market"]
    assert (bank.paid, bank.held, given(root)) == (25, 0, 1)


async def test_a_service_that_is_away_is_told_without_an_operators_words(
    fake: FakeDiscord, ann: Person, root: Path, bank: Bank, start: Start
) -> None:
    """The question comes without a balance; of the yes it is said that nothing was paid."""
    async with start():
        bank.script.extend([Reply(401)] * 2)
        question = await said(ann, "buy", offer="ten")
        assert "How much you have could not be asked for just now" in question.text
        await pressed_until(fake, ann, question, "Yes, buy it", "Nothing was bought, and your gems are untouched.")
        assert "CURRENCY" not in question.text
        assert "Please tell the server's managers" in question.text
    assert (bank.paid, bank.held, given(root)) == (0, 0, 0)


async def test_a_kill_in_the_middle_of_a_purchase_pays_once_or_not_at_all(
    fake: FakeDiscord, ann: Person, root: Path, bank: Bank, start: Start
) -> None:
    """The next start gives back what was held; the question of before buys then, once."""
    async with start() as bot:
        question = await said(ann, "buy", offer="ten")
        bank.script.append(After(Hang()))
        await ann.click(question, "Yes, buy it")
        await once(lambda: bank.held == 25)
        bot.kill()
        await bot.exit_code()
    async with start():
        await once(lambda: bank.held == 0)
        await pressed_until(
            fake, ann, question, "Yes, buy it", "This purchase was given up before, and nothing was paid."
        )
        again = await said(ann, "buy", offer="ten")
        await pressed_until(fake, ann, again, "Yes, buy it", "Bought for 25 gems.")
    assert (bank.paid, bank.held, given(root)) == (25, 0, 1)


async def test_a_question_in_points_is_no_question_in_another_currency(
    fake: FakeDiscord, ann: Person, root: Path, bank: Bank, start: Start
) -> None:
    """Where the settings changed between question and answer, it is asked anew, with what it costs by now."""
    async with running(fake, root, **SETTINGS):
        await fake.synced()
        bazaar = Bazaar(fake, next(iter(fake.world.guilds.values())))
        await bazaar.manages("mint", user=ann, amount=60, reason="a game")
        question = await said(ann, "buy", offer="ten")
    async with start():
        await pressed_until(fake, ann, question, "Yes, buy it", "**ten** is another offer by now")
        assert "for **25 gems**." in question.text
    assert (bank.paid, given(root)) == (0, 0)
