"""The bot's embeds: what they show, and that none is beyond Discord's limits or mentions anybody."""

from __future__ import annotations

from typing import Any

import discord
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.application.results import GalleryImage
from adapters.discord.embeds import (
    Asked,
    HistoryRow,
    Page,
    Shown,
    further_embed,
    gallery_embed,
    history_embed,
    info_embed,
    message_embed,
    privacy_embed,
    quota_embed,
    result_embed,
)
from adapters.discord.failures import message_for_failure
from adapters.discord.messages import Message, message_for_refusal, pool_message, unexpected
from adapters.discord.untrusted_text import length
from adapters.generation.provider import Operation
from adapters.ports.failure_reasons import CannotMake, KeyRefused, NotSetUp
from adapters.ports.failures import GenerationFailure, NotKept, NotStored
from adapters.ports.request_reasons import NotText
from domain.refusals import Reason, Refusal
from tests.adapters.discord.hostile_texts import LINK, LIVE, TEXTS
from tests.adapters.discord.quota_figures import figures
from tests.domain.examples import window_of

AT = "2026-01-01T00:00:00.000000Z"
RABBIT = Asked(Operation.TEXT_TO_IMAGE, "A cute **rabbit**", "fog", "fantasy-art")
KEPT = Shown("image.png", 1024, 768, 42, "text_to_image/image_1.png")


def fields_of(embed: discord.Embed) -> dict[str, str]:
    """Names and values."""
    return {str(field.name): str(field.value) for field in embed.fields}


def texts_of(embed: discord.Embed) -> list[str]:
    """Every text that Discord counts."""
    in_fields = [text for field in embed.fields for text in (field.name, field.value)]
    return [text for text in (embed.title, embed.description, embed.footer.text, *in_fields) if text is not None]


def check(embed: discord.Embed, *, links: bool = False) -> None:
    """The limits of Discord's documentation, and no text that acts."""
    assert 1 <= length(embed.title or "") <= 256
    assert length(embed.description or "") <= 4096
    assert length(embed.footer.text or "") <= 2048
    assert len(embed.fields) <= 25
    for field in embed.fields:
        assert 1 <= length(str(field.name).strip()) <= 256
        assert 1 <= length(str(field.value).strip()) <= 1024
    assert sum(map(length, texts_of(embed))) <= 6000
    assert [text for text in texts_of(embed) if LIVE.search(text)] == []
    marked_up = [text for text in texts_of(embed) if text != embed.footer.text]  # a footer is shown as it is written
    assert links or [text for text in marked_up if LINK.search(text)] == []
    orjson.dumps(embed.to_dict())


def a_refusal(reason: Reason, detail: str) -> Refusal:
    """Of any reason, with what its sentence needs."""
    return Refusal(reason, "1", detail, window=window_of(reason))


HOSTILE_REASONS = st.builds(NotStored, TEXTS) | st.builds(a_refusal, st.sampled_from(Reason), TEXTS)
HOSTILE_SHOWN = st.builds(
    Shown, st.just("image.png"), st.just(1024), st.just(768), st.integers(0, 2**64), TEXTS, st.none() | HOSTILE_REASONS
)
HOSTILE_ASKED = st.builds(Asked, st.sampled_from(Operation), TEXTS, TEXTS, st.none() | TEXTS, TEXTS)
HOSTILE_ROWS = st.lists(st.tuples(TEXTS, TEXTS), max_size=30)


FULL_OF_MENTIONS = "@everyone" * 1_000


def test_ten_pictures_with_the_longest_texts_share_one_message() -> None:
    """Names and notes that grow when they are made harmless, ten times over."""
    asked = Asked(Operation.TEXT_TO_IMAGE, FULL_OF_MENTIONS, FULL_OF_MENTIONS, "<@" * 60, FULL_OF_MENTIONS)
    shown = Shown("image.png", 1024, 768, 2**64, "@" * 200, NotStored(FULL_OF_MENTIONS))
    embeds = [result_embed(asked, shown, figures(490)), *(further_embed(shown, place, 10) for place in range(2, 11))]
    assert sum(length(text) for embed in embeds for text in texts_of(embed)) <= 6000


@settings(deadline=None)
@given(HOSTILE_ASKED, HOSTILE_SHOWN, st.none() | st.just(figures(490)))
def test_any_result_is_within_the_limits(asked: Asked, shown: Shown, status: dict[str, Any] | None) -> None:
    """With all that a prompt may hold, and nine more pictures in the same message, which share the 6000."""
    embeds = [result_embed(asked, shown, status), *(further_embed(shown, place, 10) for place in range(2, 11))]
    for embed in embeds:
        check(embed)
    assert sum(length(text) for embed in embeds for text in texts_of(embed)) <= 6000


@settings(deadline=None)
@given(HOSTILE_ROWS, st.integers(0, 10**6))
def test_any_page_is_within_the_limits(rows: list[tuple[str, str]], total: int) -> None:
    """More rows than a page has, of anything."""
    page = Page(1, 1, total)
    check(gallery_embed(page, [GalleryImage(name, 10, AT, "image/png", 1, 1, "upscale") for name, _ in rows], "a.png"))
    check(history_embed(page, [HistoryRow(AT, "upscale", prompt, outcome) for prompt, outcome in rows]))


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_any_other_embed_is_within_the_limits(one: str, other: str) -> None:
    """Names, details and sentences of others."""
    check(quota_embed(figures(), one))
    check(info_embed(one, dict.fromkeys(("prompt", "negative_prompt", "style", "model", "seed", "steps"), other)))
    check(privacy_embed(figures(), one))
    check(message_embed(unexpected(one)))
    check(message_embed(Message(f"A{one}", other, discord.Colour.red())), links=True)
    for reason in Reason:
        check(message_embed(message_for_refusal(Refusal(reason, "1", one, resets_at=AT, window=window_of(reason)))))
    for reason_of in (CannotMake, NotSetUp, KeyRefused, NotText):
        check(message_embed(message_for_failure(GenerationFailure(reason_of(one)))))


def test_a_message_is_shown_as_it_is() -> None:
    """Title, text and colour."""
    message = pool_message(figures(pool_used_mb=4900))
    assert message is not None
    embed = message_embed(message)
    assert (embed.title, embed.description, embed.colour) == message


def test_a_quota_has_the_fields_of_the_seeds() -> None:
    """Pattern 3, with bars."""
    embed = quota_embed(figures(45.2, daily=(2, 5)), "Bob")
    assert embed.title == "📊 Your Storage"
    assert embed.colour == discord.Colour.green()
    assert fields_of(embed) == {
        "💾 User Storage": "45.2MB / 500.0MB (9.0%)\n█░░░░░░░░░",
        "📅 Daily Generations": "2/5\n████░░░░░░",
        "⏰ Next Reset": "<t:1767312000:R> (<t:1767312000:t>)",
        "🖼️ Images": "3",
    }


def test_a_quota_tells_what_is_held_and_what_is_nearly_full() -> None:
    """What pictures under way hold is not free, and the way to make room is named."""
    status = figures(480, limit_mb=500)
    status["user"]["reserved_mb"] = 1.5
    embed = quota_embed(status, "Bob")
    assert "and 1.5MB held for pictures under way" in fields_of(embed)["💾 User Storage"]
    assert "Storage quota nearly full: 96.0 % is used" in str(embed.description)
    assert embed.colour == discord.Colour.red()


@pytest.mark.parametrize("limit", [0])
def test_a_limit_of_nothing_is_used_up(limit: int) -> None:
    """Full bars, and no division by it."""
    shown = fields_of(quota_embed(figures(0, limit, daily=(0, 0)), "Bob"))
    assert shown["💾 User Storage"] == "0.0MB / 0.0MB (100.0%)\n██████████"
    assert shown["📅 Daily Generations"] == "0/0\n██████████"


def test_the_quota_tells_where_limits_are_from_that_are_not_everybodys() -> None:
    """A line for each tier, and one for the member's own; a tier that gives none of them is named all the same."""
    day, month = (
        {"limit": f"user/{what}", "whose": "tier", "tiers": ["a_b"]} for what in ("day/generations", "month/credits")
    )
    own = {"limit": "user/storage", "whose": "own", "tiers": []}
    shared = {"limit": "pool/storage", "whose": "everybody", "tiers": []}

    def lines(tiers: list[str], *sources: dict[str, Any]) -> list[str]:
        text = quota_embed(figures() | {"sources": [*sources, shared], "tiers": tiers}, "Bob").description or ""
        return text.splitlines()[1:]

    assert lines([]) == []
    assert lines(["a_b"], day, month, own) == [
        r"🎖️ By the tier a\_b: generations a day and credits a month",
        "📌 Own limits: storage",
    ]
    assert lines(["gold"], own) == ["🎖️ In the tier gold", "📌 Own limits: storage"]


def test_the_quota_tells_which_limits_are_nearly_used_up() -> None:
    """A line for each; the hint that the storage is nearly full is not told beside what says the same."""
    sentences = {"user/month/credits": "80 % of your credits.", "user/storage": "95 % of your storage."}
    reached = [{"limit": limit, "sentence": sentence} for limit, sentence in sentences.items()]
    told = [quota_embed(figures(475) | {"reached": reached[:count]}, "Bob").description or "" for count in (0, 1, 2)]
    assert [text.count("📈") for text in told] == [0, 1, 2]
    assert ["nearly full" in text for text in told] == [True, True, False]
    assert told[2].splitlines()[1:] == [f"📈 {sentence}" for sentence in sentences.values()]


def test_a_result_shows_the_picture_and_how_it_was_made() -> None:
    """The attachment, the prompt without markup, style, size, seed, the quota line with a bar."""
    embed = result_embed(RABBIT._replace(note="Made at 1024 by 768 pixels."), KEPT, figures())
    assert embed.image.url == "attachment://image.png"
    assert str(embed.description).splitlines() == [
        r"**Prompt:** A cute \*\*rabbit\*\*",
        "**Without:** fog",
        "📝 Made at 1024 by 768 pixels.",
    ]
    assert fields_of(embed) == {
        "Style": "fantasy-art",
        "Size": "1024x768",
        "Seed": "42",
        "📊 Your Quota": "Daily: 2/5 | Storage: 45.2/500.0MB\n█░░░░░░░░░",
    }
    assert embed.footer.text == "Kept as text_to_image/image_1.png"
    assert embed.colour == discord.Colour.green()


def test_a_quota_that_is_private_is_left_out() -> None:
    """A setting of the bot's."""
    embed = result_embed(RABBIT, KEPT)
    assert "📊 Your Quota" not in fields_of(embed)
    assert embed.colour == discord.Colour.green()


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (Refusal(Reason.STOPPED), "⚠️ not kept: The storage is shutting down."),
        (NotStored("The PNG is damaged."), "⚠️ not kept: The PNG is damaged."),
        (NotStored(), "⚠️ not kept: the storage has a fault; its operator finds more in the service's log."),
        (Refusal(Reason.POOL_STORAGE), "⚠️ not kept: Server storage is full: 0 bytes of 0 bytes are used, "),
        (Refusal(Reason.MALFORMED), "⚠️ not kept: the storage does not take it."),
    ],
)
def test_a_picture_that_was_not_kept_says_why(reason: NotKept, shown: str) -> None:
    """Marked in words and colour, on the first picture and the others."""
    lost = KEPT._replace(name=None, not_kept=reason)
    embed, further = result_embed(RABBIT, lost, figures()), further_embed(lost, 2, 4)
    assert f"{further.description} Save it from here if you want it." in str(embed.description)
    assert str(further.description).startswith(shown)
    assert str(further.description).endswith(".")
    assert embed.colour == further.colour == discord.Colour.yellow()
    assert embed.footer.text is None


def test_a_further_picture_has_its_place_and_its_seed() -> None:
    """The first one's embed says the rest."""
    embed = further_embed(KEPT._replace(filename="image_2.png"), 2, 4)
    assert (embed.title, embed.image.url) == ("2 of 4", "attachment://image_2.png")
    assert fields_of(embed) == {"Size": "1024x768", "Seed": "42"}


def test_a_gallery_lists_its_rows_and_its_page() -> None:
    """Name, size in pixels and bytes, age."""
    row = GalleryImage("my_cat.png", 1_468_006, AT, "image/png", 1024, 768, "adopted")
    embed = gallery_embed(Page(2, 3, 21), [row], "sheet.png")
    assert embed.description == r"**my\_cat.png** · 1024x768 · 1.4 MB · <t:1767225600:R>"
    assert embed.footer.text == "Page 2 of 3 · 21 images"
    assert embed.image.url == "attachment://sheet.png"


def test_a_history_lists_what_was_made() -> None:
    """When, what, from which words, what became of it."""
    rows = [
        HistoryRow(AT, "text_to_image", "a cat", "kept as a.png", "Reserved"),
        HistoryRow(AT, "upscale", "", "gone"),
    ]
    assert str(history_embed(Page(1, 1, 1), rows).description).splitlines() == [
        "<t:1767225600:R> · 🎨 Image Generated: a cat · kept as a.png",
        "-# Reserved",
        "<t:1767225600:R> · 🔍 Image Upscaled: no prompt · gone",
    ]


@pytest.mark.parametrize("embed", [gallery_embed(Page(1, 0, 0), []), history_embed(Page(1, 0, 0), [])])
def test_an_empty_page_says_how_to_begin(embed: discord.Embed) -> None:
    """Nobody is left before nothing."""
    assert "`/imagine`" in str(embed.description)
    assert str(embed.footer.text).startswith("Page 1 of 1 · 0 ")


def test_the_info_of_an_image_shows_what_is_known() -> None:
    """Labels for people; what is not for them is left out."""
    details = {"prompt": "a cat", "style": "anime", "seed": 7, "width": 64, "height": 32, "operation": "text_to_image"}
    embed = info_embed("a.png", details)
    assert embed.description == "**a.png**\n**Prompt:** a cat"
    assert fields_of(embed) == {"Seed": "7", "Style": "anime", "Size": "64x32"}


@pytest.mark.parametrize("details", [None, {}])
def test_an_image_without_details_says_so(details: dict[str, Any] | None) -> None:
    """Adopted images have none."""
    assert "was not kept with it" in str(info_embed("a.png", details).description)


def test_privacy_says_what_is_kept_and_who_gets_it() -> None:
    """Images, record, the provider by its name, and the operator's policy where there is one."""
    shown = fields_of(privacy_embed(figures(), "Stability AI", "https://example.org/privacy"))
    assert "3 images (45.2MB)" in shown["What is kept"]
    assert "Stability AI" in shown["Who else gets it"]
    assert shown["Privacy policy"] == "https://example.org/privacy"
    assert "Privacy policy" not in fields_of(privacy_embed(figures(), "Stability AI"))
