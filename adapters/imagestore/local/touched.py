"""What is remembered of a touched name, and where its bytes may still lie while that is not carried out.

Carrying it out is `image_store`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from adapters.imagestore.local.layout import Layout
from adapters.ports.image_store import Key


class Touched(NamedTuple):
    """What the log says of a name that is not yet known to be in place.

    `staged` None: the name no longer stands. `spellings` and `superseded`: what else was used for it and must go.
    `first` is the earliest position not yet carried out, `latest` the last one.
    """

    first: int
    latest: int
    name: str
    staged: str | None
    spellings: frozenset[str] = frozenset()
    superseded: frozenset[str] = frozenset()


def left_of(layout: Layout, key: Key, touched: Touched) -> list[Path]:
    """The files of which one is there as long as the name is not in place, or not gone."""
    if touched.staged is not None:
        return [layout.staged(touched.staged)]
    spellings = sorted(touched.spellings | {touched.name})
    left = [layout.final(key.user, spelling, temp=key.temp) for spelling in spellings]
    if not key.temp:
        left += [layout.details(key.user, spelling) for spelling in spellings]
    return left + [layout.staged(staged) for staged in touched.superseded]
