"""The page's files: complete, and free of anything that its security policy would refuse."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from adapters.http.routes.page import CONTENT_SECURITY_POLICY, INDEX, MEDIA_TYPES, read_page
from adapters.reports.charts import OUTCOMES, REASONS
from adapters.reports.looks import ON_THE_PAGE
from tests.adapters.http.conftest import Running

PAGE = read_page()
HTML = PAGE[INDEX].data.decode()
TEXTS = {name: file.data.decode() for name, file in PAGE.items() if not name.endswith(".webp")}
SCRIPTS = {name: file.data.decode() for name, file in PAGE.items() if name.endswith(".js")}


def test_the_page_is_read_whole() -> None:
    """Every kind of file is there."""
    assert {name.rpartition(".")[2] for name in PAGE} == set(MEDIA_TYPES)


def test_every_file_the_page_asks_for_is_served() -> None:
    """References in the page and imports between scripts lead somewhere."""
    asked = set(re.findall(r'(?:src|href)="/page/([^"]+)"', HTML))
    for script in SCRIPTS.values():
        asked |= set(re.findall(r'from "\./([^"]+)"', script))
    assert asked <= set(PAGE)
    assert set(SCRIPTS) <= asked


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    """No script or style in the page, no handler attribute, and no address of another host in any file."""
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", HTML)
    for name, text in TEXTS.items():
        addresses = set(re.findall(r"https?://[^\s\"')]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}, name


@pytest.mark.parametrize("word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("])
def test_no_script_makes_markup_from_text(word: str) -> None:
    """Texts of users reach the page as text alone."""
    assert not [name for name, script in SCRIPTS.items() if word in script]


def test_every_element_a_script_asks_for_exists() -> None:
    """An id that a script names is in the page."""
    ids = set(re.findall(r'\bid="([^"]+)"', HTML))
    asked = {found for script in SCRIPTS.values() for found in re.findall(r'\bat\("([^"]+)"\)', script)}
    assert asked <= ids
    assert len(ids) == len(re.findall(r'\bid="([^"]+)"', HTML))


def test_the_policy_allows_scripts_and_styles_of_this_service_alone() -> None:
    """The policy that the page is sent with."""
    policy = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


PAIRS = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("soft", "paper"),
    ("soft", "surface"),
    ("soft", "sunken"),
    ("accent-ink", "accent"),
    ("accent", "surface"),
    ("ink", "accent-soft"),
    ("soft", "accent-soft"),
    ("ok", "surface"),
    ("warn", "surface"),
    ("bad", "surface"),
    ("ink", "warn-soft"),
    ("ink", "bad-soft"),
    ("bad", "paper"),
    ("surface", "bad"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_words_stand_out_from_what_is_behind_them(scheme: str, front: str, back: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 or more for every pair of colours that texts use."""
    colours = _colours(scheme)
    light, dark = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _colours(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", PAGE["style.css"].data.decode(), re.DOTALL)
    assert len(blocks) == 2
    named = re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[0] + (blocks[1] if scheme == "dark" else ""))
    return dict(named)


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_have_the_colours_of_the_page(scheme: str) -> None:
    """What their descriptions name is what the styles name, and all that is drawn stands out (WCAG 2.2, 1.4.11)."""
    colours, look = _colours(scheme), ON_THE_PAGE[scheme]
    names = {"ground": "surface", "words": "ink", "faint": "soft", "grid": "line", "main": "accent", "warning": "bad"}
    assert {name: getattr(look, name) for name in names} == {name: colours[of] for name, of in names.items()}
    for colour in (look.main, look.warning, *look.outcomes, *look.reasons):
        light, dark = sorted((_luminance(colour), _luminance(look.ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour
    assert (len(look.outcomes), len(look.reasons)) == (len(OUTCOMES), len(REASONS))


def test_lists_and_charts_have_the_same_words() -> None:
    """For why there is no picture."""
    told = dict(re.findall(r'^ *(\w+): "(.+)",$', SCRIPTS["figures.js"], re.MULTILINE))
    assert told == {name: word.capitalize() for name, word in OUTCOMES.items() if name != "kept"}
    refused = dict(re.findall(r'(refused_\w+): "Refused: ([^"]+)"', SCRIPTS["figures.js"]))
    assert refused == dict(REASONS)


def test_no_sentence_of_the_page_names_a_command() -> None:
    """Who reads the page has it in a browser, and perhaps nothing else."""
    for name, text in TEXTS.items():
        assert not re.findall(r"<code>|\babby [a-z]+\b|launch\.py|\.venv", text), name


async def test_the_page_is_given_out_whatever_its_query_says(service: Running) -> None:
    """The query is the page's own: whom it acts for, which view it shows."""
    assert (await service.ask("GET", "/?user=ada&view=quota")).status == 200
    assert (await service.ask("GET", "/page/app.js?v=2")).status == 200


async def test_each_style_has_its_example_in_a_file_that_is_small(service: Running) -> None:
    """One below the other, in the order in which the service tells the styles."""
    answer = await service.ask("GET", "/page/styles.webp")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
    assert len(answer.body) < 100_000
    width, height = Image.open(io.BytesIO(answer.body)).size
    styles = (await service.ask("GET", "/v1/styles")).json["styles"]
    assert (height % width, height // width) == (0, len(styles))
