"""The few things the bot remembers from one start to the next, in a small file of its own: what it did last.

Losing it does no harm: a warning, or a week's digest, is given once more. So a file that cannot be read
or written is logged and forgotten.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import orjson
import structlog

from adapters.disk.files import Files

FILE = Path("logs", "discord.json")
"""Below the storage root."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Remembered:
    """Short texts by name."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._files = Files()
        self._files.confine(root)
        self._texts: dict[str, str] = self._read()

    def get(self, name: str) -> str | None:
        """What was put last, None where nothing was."""
        return self._texts.get(name)

    def put(self, name: str, text: str) -> bool:
        """Remembers it, in the file too where that can be written: whether it could."""
        self._texts[name] = text
        aside = self._path.with_suffix(".new")
        try:
            with suppress(FileNotFoundError):  # a crash may have left it
                self._files.unlink(aside)
            self._files.write_durably(aside, orjson.dumps(self._texts))
            self._files.rename(aside, self._path)
        except OSError as error:
            _log.warning("not remembered", what=name, reason=str(error))
            return False
        return True

    def _read(self) -> dict[str, str]:
        try:
            texts = orjson.loads(self._files.read(self._path))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("nothing remembered", reason=str(error))
            return {}
        return {str(name): str(text) for name, text in texts.items()} if isinstance(texts, dict) else {}


DIGEST, DIGEST_TROUBLE, BEGUN = "digest {}", "digest trouble {}", "{} begun"
"""Of a channel by its id: which week it was told last, or is being told; what is wrong with it."""


def last_told(remembered: Remembered, channel_id: int) -> str | None:
    """The week whose digest a channel was told last, None where that is not known."""
    week = remembered.get(DIGEST.format(channel_id))
    return None if week is None or week.endswith(BEGUN.format("")) else week


def trouble_of(remembered: Remembered, channel_id: int) -> str:
    """What kept a digest from a channel when the bot looked last; "" where nothing did."""
    return remembered.get(DIGEST_TROUBLE.format(channel_id)) or ""
