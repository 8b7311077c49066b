"""Each word that a sketch knows leads to its own subject, each subject to its own drawing, and the examples to one."""

from __future__ import annotations

import random
import re
from itertools import chain
from pathlib import Path

import pytest
from PIL import ImageChops, ImageStat

from adapters.generation import STYLES
from adapters.generation.sketch.scenes import paint, subjects
from adapters.generation.sketch.scenes.canvas import Canvas
from adapters.generation.sketch.scenes.drawings import DRAWINGS
from adapters.generation.sketch.scenes.drawings.parts import Drawing
from adapters.generation.sketch.scenes.reading import subject_of
from adapters.generation.sketch.scenes.subjects import draw_subject
from adapters.generation.sketch.scenes.vocabulary import PLACES, THINGS
from scripts import contact_sheet, page_picture
from tests.adapters.generation.making import opened, sketched

ROOT = Path(__file__).parents[4]
WORDS = [(word, subject) for table in (THINGS, PLACES) for subject, line in table.items() for word in line.split()]
PAGE = (ROOT / "adapters" / "http" / "page" / "index.html").read_text("utf-8")
DOCUMENTS = (ROOT / "README.md", ROOT / ".env.example", *sorted((ROOT / "docs").glob("*.md")))
SHAPES = {"isometric": {"star"}, "origami": {"star"}, "fantasy-art": {"tree"}}
"""What a style shows of itself: an ornament in the middle, and the trees of its crag."""
PROMPT_IN_A_DOCUMENT = re.compile(r'"((?:an?|the|two) [a-z][^"\n]+)"', re.IGNORECASE)
"""Quoted in the parts of the documents that are about sketches: a thing with its article."""


def test_a_few_hundred_words_are_known_and_each_is_written_once() -> None:
    """A word in two rows would lead to one of them alone."""
    words = [word for word, _ in WORDS]
    assert len(words) > 300
    assert sorted(set(words)) == sorted(words)


@pytest.mark.parametrize("form", ["{}", "a {}", "two {}s in a meadow", "the {}, oil on canvas", "{}!"])
def test_each_word_leads_to_its_own_subject(form: str) -> None:
    """In the singular and in the plural, wherever in the sentence it stands."""
    led = {word: subject_of(form.format(word)) for word, _ in WORDS}
    assert led == dict(WORDS)


@pytest.mark.parametrize(
    ("plural", "subject"),
    [
        ("wolves", "wolf"),
        ("leaves", "leaf"),
        ("fairies", "fairy"),
        ("foxes", "fox"),
        ("women", "woman"),
        ("mice", "mouse"),
    ],
)
def test_other_plurals_are_known(plural: str, subject: str) -> None:
    """As English makes them."""
    assert subject_of(f"many {plural}") == subject


def test_each_subject_has_a_drawing_and_each_drawing_a_word() -> None:
    """Nothing leads to what is not there, and nothing is there in vain."""
    assert {subject for _, subject in WORDS} == set(DRAWINGS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_keeps_to_its_square(name: str) -> None:
    """So that no style cuts it off; it fills the square in one direction at least."""
    points = list(chain.from_iterable(part.outline for part in DRAWINGS[name]))
    across, down = (sorted(point[axis] for point in points) for axis in (0, 1))
    assert min(across[0], down[0]) > -0.56
    assert max(across[-1], down[-1]) < 0.56
    assert max(across[-1] - across[0], down[-1] - down[0]) > 0.79
    assert all(-1 <= part.tone <= 1 for part in DRAWINGS[name])


def test_no_two_drawings_look_alike() -> None:
    """A dragon is no bird, and a tiger no cat: between any two there is more than a few grains."""
    drawn = {}
    for name in DRAWINGS:
        canvas = Canvas((32, 32), (255, 255, 255), inset=True)
        draw_subject(canvas, name, (16, 32), 32, (140, 120, 100))
        drawn[name] = canvas.image.convert("L")
    names = sorted(drawn)
    alike = [
        (one, other)
        for number, one in enumerate(names)
        for other in names[:number]
        if ImageStat.Stat(ImageChops.difference(drawn[one], drawn[other])).mean[0] < 3
    ]
    assert alike == []


def examples() -> list[str]:
    """Every prompt that the page, the documents and the pictures in them show as an example."""
    found = re.findall(r'placeholder="([^"]+)"\s+aria-describedby="prompt-error"', PAGE)
    found += re.findall(r"<q>([^<]+)</q>", PAGE)
    for document in DOCUMENTS:
        paragraphs = [
            part for part in document.read_text("utf-8").split("\n\n") if "sketch" in part or "styles.png" in part
        ]
        found += [quoted for part in paragraphs for quoted in PROMPT_IN_A_DOCUMENT.findall(part)]
    return [*found, contact_sheet.PROMPT, *(prompt for prompt, _, _ in page_picture.WISHES)]


def test_every_example_is_one_that_a_sketch_draws() -> None:
    """Who tries what the page proposes gets what it names."""
    assert len(examples()) >= 12
    assert [example for example in examples() if subject_of(example) is None] == []


@pytest.mark.parametrize("style", STYLES)
def test_an_unknown_word_is_drawn_as_nothing_else(style: str) -> None:
    """No style puts a subject of its own where the prompt names none that is known."""
    drawn: list[str] = []

    class Watched(dict[str, Drawing]):
        """The drawings, and which of them were asked for."""

        def __getitem__(self, name: str) -> Drawing:
            drawn.append(name)
            return super().__getitem__(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subjects, "DRAWINGS", Watched(DRAWINGS))
        paint(style, "a stapler", random.Random(5), (64, 64))
        assert set(drawn) <= SHAPES.get(style, set())
        paint(style, "a lighthouse", random.Random(5), (64, 64))
    assert "lighthouse" in drawn


@pytest.mark.parametrize("prompt", ["a stapler", "a lighthouse above a quiet sea", "a dragon"])
async def test_each_sketch_says_what_it_is_and_what_brings_real_pictures(prompt: str) -> None:
    """With each picture, for the page, the bot and the command line alike."""
    result = await sketched(prompt=prompt, width=64, height=64)
    subject = subject_of(prompt)
    assert "offline sketch" in result.about
    assert "A key for an image service brings real pictures." in result.about
    assert subject is None or f"“{subject}”" in result.about
    assert opened(result.images[0]).size == (64, 64)
