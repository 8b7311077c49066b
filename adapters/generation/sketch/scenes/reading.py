"""What a sketch makes of a prompt: a mood, a subject and an accent colour.

A few dozen English words are known, in singular and plural; everything else only moves the seed. Painting is left to
the scenes.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from adapters.generation.sketch.scenes.palette import HUES, MOODS, Palette, with_accent_hue

_MOOD_WORDS = {
    "day": "day sunny noon summer bright sky",
    "sunset": "sunset dusk evening twilight",
    "dawn": "dawn sunrise morning mist misty fog foggy",
    "night": "night midnight moon moonlit dark starry star city town skyline street",
    "forest": "forest wood jungle tree green nature meadow",
    "sea": "sea ocean beach lake river water wave island underwater coast",
    "desert": "desert sand dune canyon sahara",
    "winter": "winter snow snowy ice icy frozen arctic mountain",
    "autumn": "autumn fall october harvest leaf leaves",
    "spring": "spring blossom cherry garden cute pastel",
    "storm": "storm stormy rain rainy thunder grey gray gloomy",
    "fire": "fire lava volcano flame dragon hell inferno",
    "space": "space galaxy nebula cosmic planet alien astronaut universe",
}

_SUBJECT_WORDS = {
    "cat": "cat kitten kitty feline tiger lion panther",
    "rabbit": "rabbit bunny hare bunnies",
    "dog": "dog puppy wolf fox hound corgi",
    "bird": "bird eagle owl dove swan raven phoenix parrot sparrow dragon",
    "fish": "fish shark whale dolphin koi salmon",
    "tree": "tree oak pine willow bonsai palm",
    "flower": "flower rose tulip lily daisy sunflower orchid lotus",
    "house": "house home cottage cabin hut barn",
    "boat": "boat ship sail sailboat yacht pirate",
    "person": "person man woman girl boy knight wizard witch hero princess king queen people portrait astronaut",
    "robot": "robot android cyborg mech machine",
    "heart": "heart love valentine",
}

DEFAULT_MOODS = ("day", "sunset", "dawn", "sea", "forest", "spring", "autumn", "desert")


@dataclass(frozen=True, slots=True)
class Reading:
    """The palette of the picture, the subject where the prompt names one, and whether it is a dark hour."""

    palette: Palette
    mood: str
    subject: str | None


def read_prompt(prompt: str, rng: random.Random) -> Reading:
    """The first words that are known decide; without one the mood is drawn from the seed."""
    words = [form for word in re.findall(r"[a-z]+", prompt.lower()) for form in (word, word.removesuffix("s"))]
    drawn = rng.choice(DEFAULT_MOODS)
    mood = _first(words, _MOOD_WORDS) or drawn
    hue = next((HUES[word] for word in words if word in HUES), None)
    palette = MOODS[mood] if hue is None else with_accent_hue(MOODS[mood], hue)
    return Reading(palette, mood, _first(words, _SUBJECT_WORDS))


def _first(words: list[str], table: dict[str, str]) -> str | None:
    index = {word: name for name, line in reversed(table.items()) for word in line.split()}
    return next((index[word] for word in words if word in index), None)
