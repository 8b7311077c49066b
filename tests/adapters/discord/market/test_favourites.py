"""The heart under a picture: whoever sees it marks it and takes that back, and its maker earns something once."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.bot.stage import finished
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.market.bazaar import Bazaar, pressed, said

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the bazaar")]

HEART = "Favourite"


async def made(person: Person, **options: object) -> Message:
    """A picture in the channel."""
    return await finished(await person.slash("imagine", {"prompt": "a cat", **options}))


async def stars_of(person: Person) -> str:
    """What somebody has, as they are told."""
    return (await said(person, "points")).text.split("You have **")[1].split(" ")[0]


async def test_a_mark_is_set_and_taken_back_and_its_maker_earns_once(bazaar: Bazaar) -> None:
    """Whoever presses is told alone, and the message with the picture stays as it is."""
    ann, bob = bazaar.somebody(), bazaar.somebody("bob")
    picture = await made(ann)
    assert picture.buttons == ["Again", "Vary", "Upscale", "Delete", HEART]
    before = picture.looks()
    told = await pressed(bob, picture, HEART)
    assert told.ephemeral
    assert "This picture is a favourite of yours now." in told.text
    assert "Whoever made it is given 2 stars for it." in told.text
    for words in ("ann", "cat", "image\\_1"):
        assert words not in told.text
    assert "no favourite of yours any more" in (await pressed(bob, picture, HEART)).text
    again = await pressed(bob, picture, HEART)
    assert "a favourite of yours now" in again.text
    assert "is given" not in again.text
    assert "is given" not in (await pressed(ann, picture, HEART)).text, "one's own earns nothing"
    assert picture.looks() == before
    assert (await stars_of(ann), await stars_of(bob)) == ("2", "0")
    assert "somebody marked a picture of yours" in (await said(ann, "points")).text


async def test_two_presses_at_once_earn_once(bazaar: Bazaar) -> None:
    """Whichever of them marks."""
    ann, bob, eve = (bazaar.somebody(name) for name in ("ann", "bob", "eve"))
    picture = await made(ann)
    for person in (bob, eve):
        first, second = await asyncio.gather(*(person.click(picture, HEART) for _ in range(2)))
        for press in (first, second):
            await finished(press)
    assert await stars_of(ann) == "4"


async def test_the_picture_that_was_shown_is_meant(bazaar: Bazaar) -> None:
    """One that is deleted, or in whose place another stands, is not marked; each of several has a heart of its own,
    and so has one that is posted again.
    """
    ann, bob = bazaar.somebody(), bazaar.somebody("bob")
    asked = await ann.slash("imagine", {"prompt": "a cat", "count": 2})
    first, second = await finished(asked), await asked.followup(lambda message: message.attachments)
    ids = {one.component(HEART)["custom_id"] for one in (first, second)}
    assert len(ids) == 2
    shown = await finished(await ann.slash("show", {"name": "text_to_image/image_1.png"}))
    assert shown.component(HEART)["custom_id"] in ids
    await said(ann, "delete", name="text_to_image/image_1.png")
    for gone in (first, shown):
        told = await pressed(bob, gone, HEART)
        assert "Not Marked" in told.text
        assert "image_1" not in told.text.replace("\\", "")
    await pressed(bob, second, HEART)
    assert await stars_of(ann) == "2"


async def test_a_gallery_tells_how_many_have_marked_a_picture(bazaar: Bazaar) -> None:
    """To its owner, as it stands: a mark that is taken back no longer, and one of another picture never."""
    ann, bob, eve = (bazaar.somebody(name) for name in ("ann", "bob", "eve"))
    first, second = await made(ann), await made(ann)
    for person in (bob, eve):
        await pressed(person, first, HEART)
    await pressed(bob, second, HEART)
    await pressed(bob, second, HEART)
    rows = (await said(ann, "gallery")).text.splitlines()
    assert [row.partition(" · ❤️ ")[2] for row in rows if "image\\_" in row] == ["", "2"]


async def test_the_heart_comes_back_after_a_question_about_deleting(bazaar: Bazaar) -> None:
    """With the other buttons."""
    ann = bazaar.somebody()
    picture = await made(ann)
    await (await ann.click(picture, "Delete")).acknowledged()
    assert picture.buttons == ["Yes, delete it", "Keep it"]
    await (await ann.click(picture, "Keep it")).acknowledged()
    assert picture.buttons == ["Again", "Vary", "Upscale", "Delete", HEART]


async def test_others_hear_nothing_of_a_picture_that_they_do_not_see(bazaar: Bazaar) -> None:
    """An id that is known by whatever way brings no name and no word of what stands there, of none more than of one."""
    ann, bob = bazaar.somebody(), bazaar.somebody("bob")
    private = await finished(await ann.slash("imagine", {"prompt": "a secret"}, channel=ann.direct))
    bobs = await made(bob)
    heart = bobs.component(HEART)
    heart["custom_id"] = private.component(HEART)["custom_id"].replace("_1.png", "_7.png")
    assert "Not Marked" in (await pressed(bob, bobs, heart["custom_id"])).text
    heart["custom_id"] = private.component(HEART)["custom_id"]
    told = (await pressed(bob, bobs, heart["custom_id"])).text
    for words in ("ann", "secret", "image"):
        assert words not in told
