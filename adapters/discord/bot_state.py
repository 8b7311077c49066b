"""The few things the bot remembers from one start to the next, in a small file of its own: what it did last.

Losing it does no harm: a warning is given once more. So a file that cannot be read
or written is logged and forgotten.
"""

from __future__ import annotations

import logging
from pathlib import Path

import orjson
import structlog

FILE = Path("logs", "discord.json")
"""Below the storage root."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Remembered:
    """Short texts by name."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._texts: dict[str, str] = self._read()

    def get(self, name: str) -> str | None:
        """What was put last, None where nothing was."""
        return self._texts.get(name)

    def put(self, name: str, text: str) -> None:
        """Remembers it, in the file too where that can be written."""
        self._texts[name] = text
        aside = self._path.with_suffix(".new")
        try:
            aside.write_bytes(orjson.dumps(self._texts))
            aside.replace(self._path)
        except OSError as error:
            _log.warning("not remembered", what=name, reason=str(error))

    def _read(self) -> dict[str, str]:
        try:
            texts = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("nothing remembered", reason=str(error))
            return {}
        return {str(name): str(text) for name, text in texts.items()} if isinstance(texts, dict) else {}
