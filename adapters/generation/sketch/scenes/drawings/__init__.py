"""What a sketch can draw: each subject as parts in a square from -0.5 to 0.5, its feet at 0.5.

A new subject is one entry in the module of its kind, and its words in `vocabulary.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.generation.sketch.scenes.drawings import (
    animals,
    birds,
    buildings,
    food,
    household,
    people,
    places,
    plants,
    small_animals,
    tokens,
    vehicles,
    water_animals,
)
from adapters.generation.sketch.scenes.drawings.parts import Drawing

DRAWINGS: Mapping[str, Drawing] = MappingProxyType(
    animals.DRAWINGS
    | birds.DRAWINGS
    | buildings.DRAWINGS
    | food.DRAWINGS
    | household.DRAWINGS
    | people.DRAWINGS
    | places.DRAWINGS
    | plants.DRAWINGS
    | small_animals.DRAWINGS
    | tokens.DRAWINGS
    | vehicles.DRAWINGS
    | water_animals.DRAWINGS
)
