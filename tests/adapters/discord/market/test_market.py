"""`/market` and `/buy`: what is offered, the question before anything is spent, and buying once."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.market.bazaar import Bazaar, pressed, said

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the bazaar")]


async def asked_about(bazaar: Bazaar, person: Person, offer: str) -> Message:
    """The question about an offer, as a press in the market brings it."""
    message = await said(person, "market")
    (line,) = (line for line in message.text.splitlines() if f"**{offer}**" in line)
    await person.click(message, f"Buy {line.split('**')[1]}")
    return await bazaar.changed(message, "Shall it be bought?")


async def stars_of(person: Person) -> str:
    """What somebody has, as they are told."""
    return (await said(person, "points")).text.split("You have **")[1].split(" ")[0]


async def test_what_is_offered_is_shown_and_bought_after_a_question(bazaar: Bazaar) -> None:
    """With price and balance before anything is spent; what is bought is beside the limits."""
    ann = await bazaar.rich(60)
    await bazaar.offers("ten", 10, 25, days=30)
    shown = await said(ann, "market")
    assert "· 10 generations for 30 days · **25 stars** · **ten**" in shown.text
    question = await asked_about(bazaar, ann, "ten")
    assert "**ten**: **10 generations for 30 days** for **25 stars**." in question.text
    assert "You have 60 stars; 35 are left after it." in question.text
    assert question.buttons == ["Yes, buy it", "Not now"]
    assert await stars_of(ann) == "60"
    await ann.click(question, "Yes, buy it")
    await bazaar.changed(question, "✅ Bought: **10 generations for 30 days** for 25 stars. You have 35 left.")
    assert question.buttons == ["Back to the market"]
    assert "10 generations" in (await said(ann, "quota")).text
    assert "`-25` paid for **ten**" in (await said(ann, "points")).text
    await ann.click(question, "Back to the market")
    await bazaar.changed(question, "· **25 stars** ·")
    await bazaar.manages("withdraw", offer="ten")


async def test_pressing_yes_twice_buys_once_and_asking_again_buys_again(bazaar: Bazaar) -> None:
    """The question is the request: of two presses at once both say that it is bought."""
    ann = await bazaar.rich(60)
    await bazaar.offers("twice", 3, 20)
    question = await said(ann, "buy", offer="twice")
    await asyncio.gather(*(ann.click(question, "Yes, buy it") for _ in range(2)))
    await bazaar.changed(question, "You have 40 left.")
    await asyncio.sleep(0.2)
    assert "You have 40 left." in question.text
    assert await stars_of(ann) == "40"
    again = await said(ann, "buy", offer="twice")
    await ann.click(again, "Yes, buy it")
    await bazaar.changed(again, "You have 20 left.")
    await bazaar.manages("withdraw", offer="twice")


async def test_two_questions_that_are_answered_at_once_spend_no_point_twice(bazaar: Bazaar) -> None:
    """With enough for one of them, one is bought and the other refused."""
    ann = await bazaar.rich(30)
    await bazaar.offers("once", 10, 25)
    questions = [await said(ann, "buy", offer="once") for _ in range(2)]
    await asyncio.gather(*(ann.click(one, "Yes, buy it") for one in questions))
    world = bazaar.discord.world
    await world.bell.until(
        lambda: all("Shall it be bought?" not in one.text for one in questions),
        timeout=10,
        what=lambda: f"two answers: {[one.text for one in questions]}",
    )
    assert sorted("✅ Bought" in one.text for one in questions) == [False, True]
    assert sum("This takes 25 stars, and 5 are there." in one.text for one in questions) == 1
    assert await stars_of(ann) == "5"
    await bazaar.manages("withdraw", offer="once")


async def test_an_offer_that_changed_meanwhile_is_shown_anew(bazaar: Bazaar) -> None:
    """Nothing is bought, neither by the list of before nor by the question; one that is gone is said to be."""
    ann = await bazaar.rich(60)
    await bazaar.offers("turning", 10, 25)
    market, question = await said(ann, "market"), await said(ann, "buy", offer="turning")
    await bazaar.offers("turning", 1, 25)
    await ann.click(question, "Yes, buy it")
    await bazaar.changed(question, "**turning** is another offer by now, so this bought nothing")
    assert "**turning**: **1 generation** for **25 stars**." in question.text
    (line,) = (line for line in market.text.splitlines() if "**turning**" in line)
    await ann.click(market, f"Buy {line.split('**')[1]}")
    await bazaar.changed(market, "is another offer by now")
    assert await stars_of(ann) == "60"
    await bazaar.manages("withdraw", offer="turning")
    await ann.click(question, "Yes, buy it")
    await bazaar.changed(question, "**turning** is not offered any more, so this bought nothing")
    assert await stars_of(ann) == "60"


async def test_who_has_too_little_is_told_before_and_has_no_yes(bazaar: Bazaar) -> None:
    """And where it was spent between question and answer, nothing is bought."""
    ann, bob = await bazaar.rich(24), bazaar.somebody("bob")
    await bazaar.offers("dear", 10, 25)
    question = await said(ann, "buy", offer="dear")
    assert "You have 24 stars: 1 too few. Nothing is bought." in question.text
    assert question.buttons == ["Not now"]
    await bazaar.manages("mint", user=ann, amount=1, reason="a game")
    question = await said(ann, "buy", offer="dear")
    await (await ann.slash("gift", {"member": bob, "amount": 2})).acknowledged()
    await ann.click(question, "Yes, buy it")
    await bazaar.changed(question, "This takes 25 stars, and 23 are there. Nothing was changed.")
    await bazaar.manages("withdraw", offer="dear")


async def test_offers_are_suggested_by_their_words_and_a_name_that_is_none_shows_what_there_is(bazaar: Bazaar) -> None:
    """Also where it is hostile, or as long as an id may be."""
    ann, long = await bazaar.rich(60), "n" * 64
    await bazaar.offers("suggested", 7, 1)
    await bazaar.offers(long, 2.5, 2, unit="credits")
    (found,) = await ann.autocomplete("buy", "offer", "7 gener")
    assert (found.name, found.value) == ("suggested: 7 generations for 1 stars", "suggested")
    (found,) = await ann.autocomplete("buy", "offer", "nnnn")
    question = await said(ann, "buy", offer=found.value)
    assert "**2.5 credits** for **2 stars**" in question.text
    await ann.click(question, "Yes, buy it")
    await bazaar.changed(question, "✅ Bought")
    none = await said(ann, "buy", offer="**@everyone** [x](https://x.example)")
    assert "There is no offer **\\*\\*@\u200beveryone" in none.text
    assert "**suggested**" in none.text
    for offer in ("suggested", long):
        await bazaar.manages("withdraw", offer=offer)


async def test_the_market_is_told_in_pages(bazaar: Bazaar) -> None:
    """Ten at a time, the cheapest first; each button is of the offer beside it."""
    ann = await bazaar.rich(500)
    for number in range(1, 13):
        await bazaar.offers(f"page-{number}", number, 100 + number)
    message = await said(ann, "market")
    assert message.buttons == [*(f"Buy {place}" for place in range(1, 11)), "Dearer"]
    await ann.click(message, "Dearer")
    await bazaar.changed(message, "Page 2 of 2")
    assert message.buttons == ["Buy 11", "Buy 12", "Cheaper"]
    await ann.click(message, "Buy 12")
    await bazaar.changed(message, "**page-12**: **12 generations** for **112 stars**")
    for number in range(1, 13):
        await bazaar.manages("withdraw", offer=f"page-{number}")


async def test_nobody_else_presses_the_buttons(bazaar: Bazaar) -> None:
    """Each means whoever asked: a press with another's id is refused."""
    ann, bob = await bazaar.rich(60), await bazaar.rich(60, "bob")
    await bazaar.offers("mine", 10, 25)
    annas, bobs = await said(ann, "buy", offer="mine"), await said(bob, "buy", offer="mine")
    bobs.component("Yes, buy it")["custom_id"] = annas.component("Yes, buy it")["custom_id"]
    assert "Not Yours" in (await pressed(bob, bobs, "Yes, buy it")).text
    assert [await stars_of(one) for one in (ann, bob)] == ["60", "60"]
    await bazaar.manages("withdraw", offer="mine")
