"""A service on whose disk pipes and devices stand in the place of images: nobody waits for them, nor does its end."""

from __future__ import annotations

import asyncio
import os
import signal
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from tests.adapters.cli.processes import WAIT_SECONDS, png, serving, write_env_file
from tests.adapters.disk.planted import PLANTED, plant

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and devices are other things elsewhere")
READERS = 40
END_SECONDS = 5.0
"""Within which a service that is told to end has ended, whoever reads."""


def status_of(address: str) -> int:
    """The status of an answer, 0 where there was none."""
    try:
        with urllib.request.urlopen(address, timeout=WAIT_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_nobody_waits_for_what_stands_in_the_place_of_an_image(tmp_path: Path) -> None:
    """More readers at once than there are threads are told so; while they read, the service ends when it is told."""
    root, bait = tmp_path / "root", tmp_path / "bait"
    bait.mkdir()
    (bait / "a.png").write_bytes(png())
    kinds = [what for what in PLANTED if what != "a device" or os.geteuid() == 0]
    store = open_store(root)
    for number in range(len(kinds)):
        asyncio.run(save_image(store, NewImage(str(number), png(), name="a.png", details={"prompt": "a cat"})))
    store.close()
    for number, what in enumerate(kinds):
        plant(what, root / f"images/users/{number}/a.png", bait)
        (bait / "link").unlink(missing_ok=True)
        details = root / f"images/users/{number}/.details/a.png~.json"
        details.unlink()
        os.mkfifo(details)
    env_file = write_env_file(tmp_path / "settings.env")
    with serving(root, env_file) as service, ThreadPoolExecutor(READERS) as readers:
        users = [f"{service.address}/v1/users/{number % len(kinds)}" for number in range(READERS)]
        assert set(readers.map(status_of, [f"{user}/images/a.png" for user in users])) == {404}
        assert set(readers.map(status_of, [f"{user}/details/a.png" for user in users])) == {200}
        assert status_of(f"{service.address}/readyz") in {200, 503}
        reading = [readers.submit(status_of, f"{user}/images/a.png") for user in users]
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(END_SECONDS) == 0
        assert {read.result() for read in reading} <= {404, 503, 0}
