"""Pictures are drawn in a process of their own: whoever asks for one goes on meanwhile, and outlives its end."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.reports import drawing
from adapters.reports.drawing import NotDrawn, as_svg

pytest.importorskip("vl_convert", reason="the extra `reports` is not installed: pip install -e '.[reports]'")

BARS = {"data": {"values": [{"of": 3}]}, "mark": "bar", "encoding": {"y": {"field": "of", "type": "quantitative"}}}
HARDENED = """
import ctypes
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0  # PR_SET_MDWE, as MemoryDenyWriteExecute of systemd
from adapters.reports.drawing import NotDrawn, as_png, script
print(len(script("export { vegaEmbed };")) > 500_000)
try:
    as_png({"data": {"values": [{}]}, "mark": "point"})
except NotDrawn as error:
    print(error)
"""


def may_be_hardened() -> bool:
    """Whether this system can be asked to make no memory executable (Linux 6.3)."""
    return sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) >= 0)


@pytest.mark.parametrize("call", ["as_svg(BARS)[:4]", "as_png(BARS)[:4]", "script('export { vegaEmbed };')[-20:]"])
def test_whoever_asks_does_not_draw(call: str) -> None:
    """What draws holds the interpreter until it is done: it is not even loaded where others want to be answered."""
    program = f"""
import sys
from adapters.reports.drawing import as_png, as_svg, script
BARS = {BARS!r}
print({call}, "vl_convert" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert any(begin in done.stdout for begin in ("b'<svg'", "b'\\x89PNG'", "as vegaEmbed}"))
    assert done.stdout.endswith(" False\n")


@pytest.mark.skipif(not may_be_hardened(), reason="needs Linux 6.3: older ones cannot be asked for that by a process")
def test_a_service_that_may_make_no_memory_executable_lives_on() -> None:
    """It is told that there is no picture; in its own process the engine that draws would end it. Browsers draw what
    the admin view shows, and the script for that is had there too.
    """
    done = subprocess.run([sys.executable, "-c", HARDENED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("True\nA picture could not be drawn: signal ")


def test_what_is_no_description_is_told_in_a_line() -> None:
    """As the library says it."""
    with pytest.raises(NotDrawn, match=r"A picture could not be drawn: .+\.$"):
        as_svg({"mark": 1})


def test_a_process_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody waits for it for ever."""
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    monkeypatch.setattr(drawing, "_PROGRAM", tmp_path / "endless.py")
    monkeypatch.setattr(drawing, "LONGEST_SECONDS", 0.2)
    with pytest.raises(NotDrawn, match="longer than"):
        as_svg(BARS)
