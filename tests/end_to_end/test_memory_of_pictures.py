"""What large pictures leave of a real service's memory: nothing, whoever's threads they went through."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.adapters.cli.processes import serving, write_env_file
from tests.adapters.http.wire import once, request
from tests.hostile.builders import png

LARGE = png(6_900, 5_700)
LEFT_BYTES = 120_000_000
"""What an image of that size takes is 150 MB and more, in each thread that decodes."""


def memory_of(process_id: int) -> int:
    """What the process has now."""
    status = Path(f"/proc/{process_id}/status").read_text("utf-8")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1_024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")
def test_the_memory_of_large_pictures_is_given_back(tmp_path: Path) -> None:
    """By the threads that shape inputs, that check and that make thumbnails; the heap would keep it for each."""
    part = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    form = part % (b"image", LARGE) + part % (b"prompt", b"a cat") + b"--b--\r\n"
    edit = request("POST", "/v1/users/1/edits", headers={"Content-Type": "multipart/form-data; boundary=b"}, body=form)
    upload = request("POST", "/v1/users/1/images?name=a.png", headers={"Content-Type": "image/png"}, body=LARGE)
    thumbnail = request("GET", "/v1/users/1/thumbnails/a.png")
    with serving(tmp_path / "root", write_env_file(tmp_path / "settings.env")) as service:

        async def send() -> None:
            for sent, status in ((upload, 201), (thumbnail, 200)):
                assert (await once(service.address, sent)).status == status
            edits = await asyncio.gather(*(once(service.address, edit) for _ in range(2)))
            assert {answer.status for answer in edits} == {201}

        before = memory_of(service.process.pid)
        asyncio.run(send())
        assert memory_of(service.process.pid) < before + LEFT_BYTES
