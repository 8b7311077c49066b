"""Texts of strangers in a real browser: in every view they are words, run nothing, and make no view too wide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.application.governing import override_limits_blocking
from adapters.application.results import Changed, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.generation.provider import GenerationRequest, GenerationResult, OnFraction, ignore_fraction
from adapters.generation.sketch.provider import SketchProvider
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from domain.commands import SetPolicy
from domain.limits import UserLimits
from tests.end_to_end.page_desk import Service, make
from tests.end_to_end.test_page_views import ENDLESS, NARROW, OUTSIDE
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RUNS = "window.ran=1"
TEXTS = (
    f"<script>{RUNS}</script>",
    f"<img src=x class=hostile onerror={RUNS}>",
    f"\"'><svg class=hostile onload={RUNS}>",
    f"</textarea></title></option></dd><iframe class=hostile srcdoc='<script>parent.{RUNS}</script>'>",
    f"javascript:{RUNS}//${{{RUNS}}}{{{{constructor.constructor('{RUNS}')()}}}}",
    "<style class=hostile>*{display:none}</style><base class=hostile href=//elsewhere.invalid>",
    f"<a class=hostile href='javascript:{RUNS}'>\u202egnp.exe</a>&lt;b&gt; \u200b\ufeff\u0301\u0301\u0301\U0001f600",
)
"""Markup, a way out of each kind of element and attribute, templates, marks that turn the writing round."""
HOSTILE = " ".join(TEXTS)
REASON = " ".join(TEXTS[:3])
"""As much of it as a reason may have, and no mark that is not printed."""
ENDLESS_MARKUP = f"<b>{ENDLESS}</b>"
MARKUP = """() => [window.ran ?? 0, document.title,
    document.querySelectorAll('.hostile, iframe, base, b, img[src="x"], script:not([src])').length]"""
LEFT_ALONE = [0, "Abby Ledger", 0]


Look = Callable[[str], Awaitable[None]]
"""Looks at the page as it is, and notes the view by this name where something is wrong."""


class Rude(SketchProvider):
    """A service whose own words are markup too."""

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """A refusal where the prompt begins with "no", else a sketch with a note."""
        if request.prompt.startswith("no "):
            return GenerationFailure(PlainReason.PROMPT_REFUSED, said=HOSTILE)
        made = await super().generate(replace(request, width=256, height=256), on_fraction)
        return replace(made, note=HOSTILE, credits=2.5) if isinstance(made, GenerationResult) else made


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """One that has a stranger's texts in all that it tells."""
    running = Service(tmp_path / "root", SetPolicy(daily=3), Rude())
    assert isinstance(override_limits_blocking(running.store, "local", REASON, UserLimits(daily=3)), Changed)
    for number, text in enumerate((HOSTILE, ENDLESS_MARKUP)):
        details = {"prompt": text, "negative_prompt": text, "style": "anime", "model": text, "provider": text}
        saved = await save_image(running.store, NewImage("local", png(8, 8), name=f"{number}.png", details=details))
        assert isinstance(saved, SavedImage)
    yield running
    await running.close()


async def test_a_strangers_text_is_text_in_every_view(browser: Browser, service: Service) -> None:
    """Making, result, refusal, gallery, viewer, history and why, admin, a user's ledger, the feed, a file's name."""
    context = await browser.new_context(viewport=NARROW, has_touch=True, reduced_motion="reduce")
    page, went_wrong = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: went_wrong.append(str(error)))
    page.on("dialog", lambda dialog: went_wrong.append(dialog.message))
    page.on("console", lambda line: went_wrong.append(line.text) if "Content Security" in line.text else None)
    found: dict[str, object] = {}

    async def look(view: str) -> None:
        seen, outside = await page.evaluate(MARKUP), await page.evaluate(OUTSIDE)
        if seen != LEFT_ALONE or outside:
            found[view] = (seen, outside)

    await page.goto(await service.start())
    await through_making(page, look)
    await through_what_is_told(page, look)
    assert (found, went_wrong) == ({}, [])


async def through_making(page: Page, look: Look) -> None:
    """The form, what it makes, and the gallery."""
    await expect(page.locator(".tile")).to_have_count(2)
    await look("gallery")
    await expect(page.locator("#go-left")).to_have_text("1 of 3 left today")
    await page.get_by_text("More options").tap()
    await page.get_by_label("Leave out").fill(HOSTILE)
    await make(page, HOSTILE)
    await expect(page.locator("#caption-prompt")).to_have_text(HOSTILE)
    await expect(page.locator("#caption-note")).to_contain_text(TEXTS[1])
    await look("result")
    for tile, text in ((1, ENDLESS_MARKUP), (2, HOSTILE)):
        await page.locator(".tile").nth(tile).tap()
        await expect(page.locator("#viewer-facts")).to_contain_text(text)
        await look(f"viewer {tile}")
        await page.keyboard.press("Escape")
    await page.locator("#source-file").set_input_files({"name": TEXTS[1], "mimeType": "image/png", "buffer": png(8, 8)})
    await expect(page.locator("#source-name")).to_contain_text("<img src=x")
    await look("a file's name")
    await page.get_by_role("button", name="Without it").tap()


async def through_what_is_told(page: Page, look: Look) -> None:
    """A refusal, history, the admin view, the address, and the document."""
    await make(page, "one too many")
    await expect(page.locator("#refusal")).to_be_visible()
    await page.get_by_role("link", name="History").tap()
    await expect(page.locator("#history-lines > li")).to_have_count(4)
    await page.get_by_role("button", name="Why").tap()
    await expect(page.locator(".why")).to_contain_text("3 generations a day")
    await look("history")
    await page.get_by_role("link", name="Admin").tap()
    await expect(page.locator("#feed-state")).to_have_text("Live.")
    await page.locator("#users-table").get_by_role("button", name="local").tap()
    await expect(page.locator("#ledger-lines > li")).to_have_count(5)
    await page.get_by_label("Own pictures a day").fill("20")
    await page.locator("#own-reason").fill(REASON)
    await page.get_by_role("dialog").get_by_role("button", name="See what changes").tap()
    await page.get_by_role("button", name="Set these limits").tap()
    await expect(page.locator("#ledger-status")).to_contain_text("of 20 today")
    await look("ledger")
    await page.keyboard.press("Escape")
    await expect(page.locator("#feed li").first).to_contain_text(REASON)
    await expect(page.locator("#credits-sum")).to_have_text("2.5")
    await expect(page.locator("#credits-services")).to_contain_text("sketch")
    await look("admin and live feed")
    await page.get_by_role("link", name="Make").tap()
    await make(page, f"no {HOSTILE}")
    await expect(page.locator("#refusal-text")).to_contain_text(TEXTS[1])
    await look("a refusal in the service's words")
    origin = page.url.partition("#")[0]
    await page.goto(f"{origin}?user={quote(HOSTILE)}&signin={quote(HOSTILE)}#{quote(TEXTS[1])}")
    await expect(page.locator("#who-name")).to_contain_text("<script>")
    await look("the address")
    await page.goto(f"{origin}docs")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == NARROW["width"]
