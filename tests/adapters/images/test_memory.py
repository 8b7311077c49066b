"""The memory in which pictures are shaped: bounded for all together, and never waited for in vain."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from adapters.images import memory
from adapters.images.containers.outline import MAX_DECODED_BYTES
from adapters.images.shaping import size_of, within
from tests.hostile.builders import png, webp

PROJECT = Path(__file__).parents[3]
SPARE_BYTES = 120_000_000
"""What was not measured: a copy that is made while another goes, and the files."""
SHAPING = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from adapters.images.shaping import filled
from tests.hostile.builders import png
filled(png(8, 8), (8, 8), at_most_bytes=20_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = [Path(name).read_bytes() for name in sys.argv[1:]]
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda one: filled(one, (64, 64), at_most_bytes=20_000_000), data))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is told in other units elsewhere")
def test_all_inputs_together_take_no_more_than_there_is(tmp_path: Path) -> None:
    """Four at once, each of which takes most of it; tiny as files."""
    files = {
        "a.png": png(6_900, 5_700),
        **{f"{number}.webp": webp(Image.new("RGB", (4_800, 4_600)), lossless=True) for number in range(3)},
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", SHAPING, *(str(tmp_path / name) for name in files)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < MAX_DECODED_BYTES + SPARE_BYTES


def test_who_holds_some_waits_for_no_more() -> None:
    """Two threads, each with more than half of it, shape a picture within that."""
    large = png(4_000, 4_000)

    def within_held(_: int) -> tuple[int, int]:
        with memory.held(MAX_DECODED_BYTES):
            small = within(large, at_most_pixels=4_000_000, longest_side=2_000, at_most_bytes=20_000_000)
            return size_of(small.data)

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(within_held, range(2))) == [(2_000, 2_000)] * 2
