"""The buttons under a picture: what each does, and for whom."""

from __future__ import annotations

import pytest

from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]


async def pressed_by_hand(stage: Stage, person: Person, message: Message, custom_id: str) -> Message:
    """What is said to who presses a button that the message has from before."""
    message.component("Delete")["custom_id"] = custom_id
    pressed = await person.click(message, custom_id)
    return await stage.discord.world.bell.until(
        lambda: next(iter(told(pressed)), None), timeout=10, what=lambda: "a word on the press"
    )


def told(press: Interaction) -> list[Message]:
    """What was said to who pressed, beside the message with the picture."""
    own = [press.original] if press.original is not None and press.original is not press.source else []
    return [*own, *press.followups]


@pytest.mark.parametrize(("button", "title"), [("Again", "Image Generated"), ("Vary", "Image Changed")])
async def test_a_button_makes_another_picture_of_the_same_words(
    stage: Stage, ann: Person, button: str, title: str
) -> None:
    """In the same style and, again, in the same shape; with another seed."""
    made = await stage.imagine(ann, prompt="an otter", style="anime", size="wide", seed=5)
    message = await finished(await ann.click(made, button))
    for words in (title, "an otter", "Style: anime", "Size: 1344x768", "Daily: 2/5"):
        assert words in message.text
    assert "Seed: 5\n" not in message.text


async def test_two_presses_are_two_pictures(stage: Stage, ann: Person) -> None:
    """Each is a wish of its own, with a seed of its own, and counts; nothing tells a double press from two wishes."""
    made = await stage.imagine(ann)
    first, second = [await finished(one) for one in [await ann.click(made, "Again"), await ann.click(made, "Again")]]
    assert first.attachments[0].name != second.attachments[0].name
    assert first.attachments[0].data != second.attachments[0].data
    assert "Daily Generations: 3/5" in (await finished(await ann.slash("quota"))).text


async def test_upscale_makes_it_larger(stage: Stage, ann: Person) -> None:
    """Twice as wide each time. An upscale has no words of its own, so it cannot be varied."""
    message = await finished(await ann.click(await stage.imagine(ann), "Upscale"))
    assert "Size: 2048x2048" in message.text
    assert message.buttons == ["Upscale", "Delete"]
    message = await finished(await ann.click(message, "Upscale"))
    assert "Size: 4096x4096" in message.text


async def test_delete_asks_first(stage: Stage, ann: Person) -> None:
    """Kept, its buttons come back; deleted, the picture leaves the message."""
    made = await stage.imagine(ann)
    await (await ann.click(made, "Delete")).acknowledged()
    await (await ann.click(made, "Keep it")).acknowledged()
    assert made.buttons == ["Again", "Vary", "Upscale", "Delete"]
    await (await ann.click(made, "Delete")).acknowledged()
    await ann.click(made, "Yes, delete it")
    await stage.changed(made, "Image Deleted")
    assert (made.attachments, made.buttons) == ([], [])
    assert "Images: 0" in (await finished(await ann.slash("quota"))).text


async def test_nobody_else_says_yes_to_the_question(stage: Stage, ann: Person, bob: Person) -> None:
    """The picture stays; a second press on it by its owner finds nothing more to delete."""
    made = await stage.imagine(ann)
    await (await ann.click(made, "Delete")).acknowledged()
    assert "Not Yours" in (await finished(await bob.click(made, "Yes, delete it"))).text
    assert "Images: 1" in (await finished(await ann.slash("quota"))).text
    presses = [await ann.click(made, "Yes, delete it") for _ in range(2)]
    await stage.changed(made, "Image Deleted")
    late = await stage.discord.world.bell.until(
        lambda: [one for press in presses for one in told(press)], timeout=10, what=lambda: "a word on the second press"
    )
    assert "Image Not Found" in late[0].text
    assert late[0].ephemeral


@pytest.mark.parametrize("button", ["Again", "Vary", "Upscale", "Delete"])
async def test_nobody_else_presses_them(stage: Stage, ann: Person, bob: Person, button: str) -> None:
    """Whoever tries is told so, alone."""
    made = await stage.imagine(ann)
    message = await finished(await bob.click(made, button))
    assert "Not Yours" in message.text
    assert message.ephemeral


async def test_a_button_of_a_deleted_picture_says_so(stage: Stage, ann: Person) -> None:
    """It was deleted elsewhere, so its message is as before."""
    made = await stage.imagine(ann)
    await finished(await ann.slash("delete", {"name": "text_to_image/image_1.png"}))
    message = await finished(await ann.click(made, "Upscale"))
    assert "Image Not Found" in message.text


async def test_a_press_is_refused_where_the_day_is_used_up(stage: Stage, ann: Person) -> None:
    """As a command would be."""
    made = await stage.imagine(ann, count=4)
    await stage.imagine(ann)
    message = await finished(await ann.click(made, "Again"))
    assert "You've reached your daily limit" in message.text


@pytest.mark.parametrize("custom_id", ["abby:old7:{ann}", "abby:forgetall:{ann}", "generate_again_17"])
async def test_a_button_of_an_earlier_version_says_so(stage: Stage, ann: Person, custom_id: str) -> None:
    """Alone to whoever presses it; nothing is deleted by what no longer says which pictures it means."""
    made = await stage.imagine(ann)
    answer = await pressed_by_hand(stage, ann, made, custom_id.format(ann=ann.id))
    assert "belongs to an earlier version" in answer.text
    assert answer.ephemeral
    assert "Images: 1" in (await finished(await ann.slash("quota"))).text


async def test_yes_means_the_save_that_was_asked_about(stage: Stage, ann: Person) -> None:
    """What was saved under its name since the question stays, and that is said."""
    made = await stage.imagine(ann)
    answer = await pressed_by_hand(stage, ann, made, f"abby:sure1:{ann.id}:text_to_image/image_1.png")
    assert "Another image was saved under this name" in answer.text
    assert answer.ephemeral
    assert "Images: 1" in (await finished(await ann.slash("quota"))).text
