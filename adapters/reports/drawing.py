"""What vl-convert makes of a Vega-Lite description, or of a script: each in a process of its own.

In the process that asks it would hold the interpreter until it is done, and a service answered nobody meanwhile; and
where no memory may be made executable, as in a hardened service, its engine ends the whole process. What is shown is
the descriptions' business.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adapters.ports.faults import ConfigError, Fault
from adapters.reports.database import NOT_INSTALLED

VEGA_LITE = "6.4"
SCALE = 2.0
"""Of a PNG: twice as many dots, as it is shown on dense screens."""
LONGEST_SECONDS = 120.0
"""A picture takes a second, also on a small machine; whatever takes longer is ended."""
_PROGRAM = Path(__file__).with_name("drawing_process.py")


class NotDrawn(Fault):
    """The process that draws has failed, or was ended."""


def as_svg(description: dict[str, Any]) -> bytes:
    """A description as a picture that scales. Raises ConfigError without the extra, NotDrawn."""
    return _made("vegalite_to_svg", description)


def as_png(description: dict[str, Any]) -> bytes:
    """A description as a picture of dots. Raises ConfigError without the extra, NotDrawn."""
    return _made("vegalite_to_png", description, scale=SCALE)


def script(snippet: str) -> str:
    """A module of JavaScript with all that draws charts, so that a page needs no network; the snippet has `vegaEmbed`.
    Raises ConfigError without the extra, NotDrawn.
    """
    return _made("javascript_bundle", snippet).decode()


def _made(function: str, of: Any, **options: Any) -> bytes:
    if find_spec("vl_convert") is None:
        raise ConfigError(NOT_INSTALLED)
    asked = {"function": function, "of": of, "options": {"vl_version": VEGA_LITE, **options}}
    words = [sys.executable, "-P", str(_PROGRAM)]
    try:
        done = subprocess.run(
            words, input=json.dumps(asked).encode(), capture_output=True, timeout=LONGEST_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotDrawn(f"A picture could not be drawn: {_why(error)}.") from error
    return done.stdout


def _why(error: Exception) -> str:
    """In a line, as the process told it last."""
    match error:
        case subprocess.CalledProcessError(returncode=code) if code < 0:
            return f"signal {-code} ended its process, as it does where no memory may be made executable"
        case subprocess.CalledProcessError(stderr=told) if told.strip():
            return str(told.decode(errors="replace").strip().splitlines()[-1])
        case subprocess.TimeoutExpired():
            return f"it took longer than {LONGEST_SECONDS:.0f} seconds"
        case _:
            return str(error)
