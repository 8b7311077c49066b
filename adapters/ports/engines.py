"""What keeps a storage root: one engine for its log, one for the bytes of its images; and how the log's is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from adapters.ports.event_log import EventLogEngine
from adapters.ports.image_store import ImageStore


class LogKeeper(NamedTuple):
    """What keeps a log: a module by its dotted name, and the settings by which it reaches what it keeps the log in, by
    their names; they may be secret.
    """

    module: str
    environment: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"LogKeeper({self.module!r})"


def _none() -> None:
    """Nothing to tell."""


class Engines(NamedTuple):
    """Both of them; `images` gives the image store of a root. `of_another_log` says in a sentence, where there is no
    log, that images stand all the same, so that none is begun beside them; it raises OSError where it cannot be asked.
    """

    log: EventLogEngine
    images: Callable[[Path], ImageStore]
    of_another_log: Callable[[], str | None] = _none
