"""What a sketch makes of a prompt: a mood, a subject and an accent colour.

A few hundred English words are known (`vocabulary.py`), in singular and plural; everything else only moves the seed.
Painting is left to the scenes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from adapters.generation.sketch.scenes.palette import HUES, MOODS, Palette, with_accent_hue
from adapters.generation.sketch.scenes.vocabulary import PLACE_OF, THING_OF

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
    "fire": "fire lava volcano flame hell inferno",
    "space": "space galaxy nebula cosmic planet alien astronaut universe",
}
_MOOD_OF = {word: mood for mood, line in _MOOD_WORDS.items() for word in line.split()}

DEFAULT_MOODS = ("day", "sunset", "dawn", "sea", "forest", "spring", "autumn", "desert")
_ENDINGS = (
    ("", ""),
    ("s", ""),
    ("ses", "s"),
    ("xes", "x"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("ies", "y"),
    ("ves", "f"),
    ("ves", "fe"),
)
_LEFT_OUT = re.compile(r"\b(?:no|not|without)\s+(?:an?\s+|any\s+)?[a-z]+")
_OWNER = re.compile(r"\b[a-z]+['\u2019]s\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """The palette of the picture, the subject where the prompt names one, and whether it is a dark hour."""

    palette: Palette
    mood: str
    subject: str | None


def read_prompt(prompt: str, rng: random.Random) -> Reading:
    """The first words that are known decide; without one the mood is drawn from the seed."""
    words = _words(prompt.lower())
    drawn = rng.choice(DEFAULT_MOODS)
    mood = _first(words, _MOOD_OF) or drawn
    hue = next((HUES[word] for word in words if word in HUES), None)
    palette = MOODS[mood] if hue is None else with_accent_hue(MOODS[mood], hue)
    return Reading(palette, mood, subject_of(prompt))


def subject_of(prompt: str) -> str | None:
    """What a sketch of these words shows, None where it knows none of them.

    A thing comes before the place it stands in and before its owner; what shall not be there is not drawn.
    """
    wanted = _LEFT_OUT.sub(" ", prompt.lower())
    owned = _words(_OWNER.sub(" ", wanted))
    every = _words(wanted)
    return _first(owned, THING_OF) or _first(every, THING_OF) or _first(every, PLACE_OF)


def _words(text: str) -> list[str]:
    """Each pair of neighbours as one word ("ice cream", "light house"), then the word itself."""
    found = re.findall(r"[a-z]+", text)
    pairs = [(one + other, one) for one, other in pairwise(found)]
    return [word for pair in pairs for word in pair] + found[-1:]


def _first(words: Sequence[str], table: Mapping[str, str]) -> str | None:
    return next((table[form] for word in words for form in _singulars(word) if form in table), None)


def _singulars(word: str) -> list[str]:
    return [word[: len(word) - len(end)] + other for end, other in _ENDINGS if word.endswith(end)]
