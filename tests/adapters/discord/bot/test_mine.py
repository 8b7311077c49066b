"""The commands about one's own: quota, gallery, history, style, refusals, deleting, data."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile

import pytest

from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]


async def said(person: Person, command: str, **options: object) -> Message:
    """The answer to a command; all of these are for their user alone."""
    asked = await person.slash(command, options)
    message = await finished(asked)
    assert message.ephemeral
    return message


async def test_the_quota_is_that_of_the_user(stage: Stage, ann: Person, bob: Person) -> None:
    """Used, limit, a bar, and when the day begins anew."""
    await stage.imagine(ann, count=2)
    assert "Daily Generations: 2/5" in (await said(ann, "quota")).text
    assert "Daily Generations: 0/5" in (await said(bob, "quota")).text


async def test_a_gallery_has_pages_a_filter_and_small_copies(stage: Stage, ann: Person) -> None:
    """A page holds nine; the buttons turn it in its place."""
    assert "nothing here yet" in (await said(ann, "gallery")).text
    await stage.spoil(ann)
    for count in (4, 4, 2):
        await stage.imagine(ann, count=count)
    message = await said(ann, "gallery")
    assert "Page 1 of 2 · 10 images" in message.text
    assert [attachment.name for attachment in message.attachments] == ["gallery.webp"]
    await ann.click(message, "Older")
    turned = await stage.changed(message, "Page 2 of 2")
    assert "image\\_1.png" in turned.text
    assert "0 images" in (await said(ann, "gallery", kind="upscale")).text


async def test_the_history_tells_pictures_and_refusals(stage: Stage, ann: Person) -> None:
    """With the words of what still stands, and what became of the rest."""
    await stage.imagine(ann, prompt="a heron", count=4)
    await stage.imagine(ann, count=2)
    await said(ann, "delete", name="text_to_image/image_2.png")
    text = (await said(ann, "history")).text
    for words in ("a heron", "deleted since", "daily limit reached"):
        assert words in text


async def test_the_last_refusal_is_explained(stage: Stage, ann: Person) -> None:
    """Before there is one, that too is said."""
    assert "Nothing Was Refused" in (await said(ann, "why")).text
    await stage.imagine(ann, count=4)
    await stage.imagine(ann, count=2)
    message = await said(ann, "why")
    assert "Daily Generation Limit Reached" in message.text
    assert "Ask for at most 1" in message.text
    assert "Next Reset" in message.text


async def test_why_tells_the_limits_and_the_lines_that_used_them_up(stage: Stage, ann: Person) -> None:
    """Since when each limit holds, without who set it; which requests used the day; what was kept as well."""
    await stage.imagine(ann, count=4)
    text = (await said(ann, "why")).text
    assert "Made And Kept" in text
    assert "Limits, from old to new" in text
    await stage.imagine(ann, count=2)
    text = (await said(ann, "why")).text
    assert "5 generations a day, the limit for everybody" in text
    assert "Just before, 4 of 5 generations of " in text
    assert "4 pictures from words" in text
    assert "discord:" not in text


async def test_the_default_style_is_enhance_until_another_is_chosen(stage: Stage, ann: Person) -> None:
    """And what a command names goes before it."""
    assert "enhance" in (await said(ann, "style")).text
    assert "Style: enhance" in (await stage.imagine(ann)).text
    assert "origami" in (await said(ann, "style", style="origami")).text
    assert "Style: origami" in (await stage.imagine(ann)).text
    assert "Style: anime" in (await stage.imagine(ann, style="anime")).text


async def test_the_help_says_what_counts(ann: Person) -> None:
    """With the limit in force."""
    text = (await said(ann, "help")).text
    assert "5 generations a day" in text
    assert "What does not count" in text


class TestDelete:
    """`/delete`: one, several, or all of an age."""

    async def test_one_by_name(self, stage: Stage, ann: Person) -> None:
        """Its name is suggested; what is not there is told."""
        await stage.imagine(ann)
        (choice,) = await ann.autocomplete("delete", "name", "")
        assert "1 image deleted" in (await said(ann, "delete", name=choice.value)).text
        assert "Image Not Found" in (await said(ann, "delete", name=choice.value)).text

    async def test_several_from_a_list(self, stage: Stage, ann: Person) -> None:
        """The list shows the newest ones."""
        await stage.imagine(ann, count=3)
        message = await said(ann, "delete")
        names = ["text_to_image/image_1.png", "text_to_image/image_3.png"]
        await ann.select(message, "Choose what to delete", names)
        await stage.changed(message, "2 images deleted")
        assert "Images: 1" in (await said(ann, "quota")).text

    async def test_all_of_an_age_after_a_question(self, stage: Stage, ann: Person) -> None:
        """Nothing is so old yet; of today are all."""
        await stage.imagine(ann, count=2)
        assert "You have no such images." in (await said(ann, "delete", older_than_days=1)).text
        message = await said(ann, "delete", older_than_days=0)
        assert "2 of your images" in message.text
        await ann.click(message, "Yes, delete them")
        await stage.changed(message, "2 images deleted")

    async def test_what_the_question_did_not_show_stays(self, stage: Stage, ann: Person) -> None:
        """What is made between the question and the answer was not asked about: by age, or with everything."""
        await stage.imagine(ann, count=2)
        message = await said(ann, "delete", older_than_days=0)
        await stage.imagine(ann)
        await ann.click(message, "Yes, delete them")
        await stage.changed(message, "2 images deleted")
        assert "Images: 1" in (await said(ann, "quota")).text
        message = await said(ann, "privacy")
        await ann.click(message, "Delete everything")
        await stage.changed(message, "1 image,")
        await stage.imagine(ann)
        await ann.click(message, "Yes, delete everything")
        await stage.changed(message, "1 image deleted")
        assert "1 image came after the question, and stayed." in message.text
        assert "Images: 1" in (await said(ann, "quota")).text

    async def test_what_is_gone_by_then_is_said(self, stage: Stage, ann: Person) -> None:
        """A list that was left open shows what there is no more."""
        await stage.imagine(ann)
        message = await said(ann, "delete")
        await said(ann, "delete", name="text_to_image/image_1.png")
        await ann.select(message, "Choose what to delete", ["text_to_image/image_1.png"])
        await stage.changed(message, "gone already")

    async def test_a_name_and_an_age_exclude_each_other(self, ann: Person) -> None:
        """Nothing is deleted."""
        assert "or neither" in (await said(ann, "delete", name="a.png", older_than_days=1)).text


class TestPrivacy:
    """`/privacy`: what is kept, taken along, erased."""

    async def test_the_export_holds_images_record_and_words(self, stage: Stage, ann: Person) -> None:
        """As one archive."""
        await stage.imagine(ann, prompt="a wren")
        message = await said(ann, "privacy")
        assert "automatic1111" in message.text
        await ann.click(message, "Export my data")
        message = await stage.changed(message, "holds 1 of your images")
        archive = zipfile.ZipFile(io.BytesIO(message.attachments[0].data))
        record = json.loads(archive.read("record.json"))
        assert record["images"]["text_to_image/image_1.png"]["prompt"] == "a wren"
        assert {event["type"] for event in record["events"]} >= {"GenerationReserved", "ImageSaved"}
        assert archive.read("images/text_to_image/image_1.png").startswith(b"\x89PNG")

    async def test_an_export_says_which_pictures_have_lost_their_bytes(self, stage: Stage, ann: Person) -> None:
        """They are not in it, and nobody is told that all is."""
        await stage.imagine(ann, count=2)
        (stage.root / "images" / "users" / str(ann.id) / "text_to_image" / "image_1.png").unlink()
        message = await said(ann, "privacy")
        await ann.click(message, "Export my data")
        message = await stage.changed(message, "Not in this file: 1 image")
        archive = zipfile.ZipFile(io.BytesIO(message.attachments[0].data))
        assert [name for name in archive.namelist() if name.startswith("images/")] == [
            "images/text_to_image/image_2.png"
        ]

    async def test_an_export_comes_in_as_many_parts_as_it_takes(self, stage: Stage, ann: Person) -> None:
        """Each below what Discord takes there; together they hold every picture."""
        narrow = stage.discord.guild("narrow", attachment_bytes=6_000)
        await stage.discord.join(narrow)
        await stage.imagine(ann, count=2)
        asked = await ann.slash("privacy", channel=narrow.channels[0])
        message = await finished(asked)
        pressed = await ann.click(message, "Export my data")
        await stage.changed(message, "Part 1 of ")
        parts = int(message.text.partition("Part 1 of ")[2].partition(";")[0])
        assert parts > 1
        await pressed.followup(lambda one: f"Part {parts} of {parts}" in one.text)
        sent = [message, *pressed.followups]
        assert all(one.ephemeral and len(one.attachments[0].data) <= 6_000 for one in sent)
        archives = [zipfile.ZipFile(io.BytesIO(one.attachments[0].data)) for one in sent]
        names = {name.partition(".part-")[0] for archive in archives for name in archive.namelist()}
        assert {f"images/text_to_image/image_{number}.png" for number in (1, 2)} <= names

    @pytest.mark.parametrize(("takes", "comes"), [(6_000, True), (10, False)])
    async def test_an_export_goes_as_small_as_discord_takes_it_or_says_what_works(
        self, stage: Stage, ann: Person, takes: int, comes: bool
    ) -> None:
        """Where it takes less than it says, all begins anew in smaller parts; where it takes nothing, that is said."""
        mean = stage.discord.guild(f"mean to export {takes}", attachment_bytes=takes)
        mean.announced_bytes = 10 << 20
        await stage.discord.join(mean)
        await stage.imagine(ann, count=2)
        message = await finished(await ann.slash("privacy", channel=mean.channels[0]))
        pressed = await ann.click(message, "Export my data")
        await stage.changed(message, "Part 1 of " if comes else "`/privacy` in a direct message")
        if comes:
            assert "this begins anew" in message.text
            parts = int(message.text.partition("Part 1 of ")[2].partition(";")[0])
            await pressed.followup(lambda one: f"Part {parts} of {parts}" in one.text)
            assert await whole_images(stage, ann, [message, *pressed.followups]) == 2
        else:
            assert "`/show` posts single images" in message.text
            assert pressed.followups == []
        stage.discord.world.complaints.clear()

    async def test_everything_is_deleted_after_a_question(self, stage: Stage, ann: Person) -> None:
        """The files are gone; the day's count stays, or deleting would be a way around the limit."""
        await stage.imagine(ann, count=2)
        message = await said(ann, "privacy")
        await ann.click(message, "Delete everything")
        await stage.changed(message, "Are you sure?")
        await ann.click(message, "Yes, delete everything")
        await stage.changed(message, "2 images deleted")
        quota = (await said(ann, "quota")).text
        assert "Images: 0" in quota
        assert "Daily Generations: 2/5" in quota
        assert not list((stage.root / "images" / "users" / str(ann.id)).rglob("*.png"))

    async def test_what_is_under_way_meanwhile_is_said_to_come(self, stage: Stage, ann: Person) -> None:
        """It was asked for and is paid, so it is shown; nobody believes that it was deleted too."""
        await stage.imagine(ann)
        stage.painter.shown = asyncio.Event()
        asked = await ann.slash("imagine", {"prompt": "a late cat"})
        await asked.message(lambda message: "Painting" in message.text)
        message = await said(ann, "privacy")
        await ann.click(message, "Delete everything")
        await stage.changed(message, "Are you sure?")
        await ann.click(message, "Yes, delete everything")
        await stage.changed(message, "1 image deleted")
        assert "being made for you at this moment is kept" in message.text
        stage.painter.shown.set()
        stage.painter.shown = None
        assert (await finished(asked)).attachments
        assert "Images: 1" in (await said(ann, "quota")).text


async def whole_images(stage: Stage, person: Person, messages: list[Message]) -> int:
    """How many of a user's images lie whole in the archives, once their pieces are joined."""
    pieces: dict[str, dict[int, bytes]] = {}
    for message in messages:
        archive = zipfile.ZipFile(io.BytesIO(message.attachments[0].data))
        for name in archive.namelist():
            image, _, number = name.partition(".part-")
            pieces.setdefault(image, {})[int(number or 1)] = archive.read(name)
    kept = {file.read_bytes() for file in (stage.root / "images" / "users" / str(person.id)).rglob("*.png")}
    return len(kept & {b"".join(data for _, data in sorted(parts.items())) for parts in pieces.values()})
