"""What a prompt's words do to a sketch: they choose mood, subject and accent, and all else only the seed."""

from __future__ import annotations

import random

import pytest
from PIL import ImageStat

from adapters.generation import STYLES
from adapters.generation.sketch.scenes import paint
from adapters.generation.sketch.scenes.palette import MOODS
from adapters.generation.sketch.scenes.reading import _MOOD_WORDS, read_prompt

SIZE = (96, 96)


@pytest.mark.parametrize(
    ("prompt", "mood", "subject"),
    [
        ("A cat at night", "night", "cat"),
        ("CATS!", None, "cat"),
        ("kittens by the sea", "sea", "cat"),
        ("bunnies in a forest", "forest", "rabbit"),
        ("a city", "night", "city"),
        ("sunny hills", "day", None),
        ("an oak in autumn", "autumn", "tree"),
        ("sunset over the ocean", "sunset", "wave"),
        ("a ship on the ocean", "sea", "ship"),
        ("over the sea, a ship", "sea", "ship"),
        ("the knight's castle", None, "castle"),
        ("the knight\u2019s tale", None, "knight"),
        ("wolves and leaves", "autumn", "wolf"),
        ("a hot air balloon", None, "balloon"),
        ("a red balloon", None, "toy balloon"),
        ("a light house", None, "lighthouse"),
        ("a hot dog", None, "hot dog"),
        ("a beach without people", "sea", None),
        ("no cat, a dog", None, "dog"),
        ("ein Leuchtturm", None, None),
        ("concatenate", None, None),
        ("", None, None),
    ],
)
def test_known_words_choose_mood_and_subject(prompt: str, mood: str | None, subject: str | None) -> None:
    """Whole words, in either case, singular and plural; the first decides, a thing before place and owner."""
    reading = read_prompt(prompt, random.Random(1))
    assert reading.subject == subject
    assert reading.mood == mood or mood is None


def test_every_mood_of_the_table_can_be_painted() -> None:
    """A word never leads to something that is not there."""
    assert set(_MOOD_WORDS) == set(MOODS)


def test_a_colour_word_turns_the_accent_and_nothing_else() -> None:
    """A red rabbit and a blue one sit in the same meadow."""
    plain, red, blue = (
        read_prompt(f"a {colour} rabbit in a meadow", random.Random(1)).palette for colour in ("", "red", "blue")
    )
    assert red.accent[0] > red.accent[2]
    assert blue.accent[2] > blue.accent[0]
    assert plain.sky == red.sky == blue.sky


@pytest.mark.parametrize("style", STYLES)
def test_the_subject_is_in_the_picture_of_every_style(style: str) -> None:
    """From one generator state: unknown words change nothing, the subject's word does."""
    base, same, other = (
        paint(style, prompt, random.Random(3), SIZE).tobytes() for prompt in ("house qqq", "house zzz", "robot qqq")
    )
    assert base == same
    assert base != other


@pytest.mark.parametrize("style", sorted({"anime", "enhance", "isometric", "low-poly", "origami", "pixel-art"}))
def test_night_is_darker_than_day(style: str) -> None:
    """The mood sets the light."""
    day, night = (
        ImageStat.Stat(paint(style, prompt, random.Random(3), SIZE).convert("L")).mean[0]
        for prompt in ("a bright day", "at night")
    )
    assert night < day * 0.8
