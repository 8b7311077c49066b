"""Whatever is done to a process, to its way to the database, or to the database: nothing that was acknowledged is lost,
nothing is charged twice, nothing that was refused is there, and all goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.adapters.eventlog.postgres.logs import new_schema
from tests.adapters.eventlog.postgres.scene import HARMS, MORE_HARMS, scene_over
from tests.adapters.eventlog.postgres.writers import WriterProcess, close_all, writers
from tests.servers.postgres import free_port, running
from tests.servers.proxy import Proxy

CYCLES = 300
REFUSED_SECONDS = 8.0
BACK_SECONDS = 10.0


def test_nothing_acknowledged_is_lost_whatever_happens(tmp_path: Path) -> None:
    """One log lives through all of it, in a few cycles."""
    with running() as server, scene_over(server, tmp_path) as scene:
        for harm in HARMS.values():
            scene.cycle(harm)
        scene.close()


@pytest.mark.thorough
@pytest.mark.timeout(3_600)
def test_nothing_acknowledged_is_lost_in_the_long_form(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Everything of it, 300 times."""
    harms = {**HARMS, **MORE_HARMS}
    with running() as server, scene_over(server, tmp_path) as scene:
        for cycle in range(CYCLES):
            scene.cycle([*harms.values()][cycle % len(harms)])
        scene.close()
    for answer, count in scene.answered.items():
        record_property(answer, count)
    assert set(scene.answered) == {"reserved", "refused", "not known"}


@pytest.mark.parametrize("is_silent", [False, True], ids=["refuses", "never answers"])
def test_a_process_without_its_database_refuses_in_words_tells_what_it_knows_and_comes_back(
    tmp_path: Path, *, is_silent: bool
) -> None:
    """Also where the database comes back as another of several hosts; nobody starts anything again."""
    environment, other_port = new_schema(), free_port()
    proxy = Proxy(int(environment["POSTGRES_PORT"]))
    ports = f"{proxy.port},{other_port}"
    several = {**environment, "POSTGRES_HOST": "127.0.0.1,127.0.0.1", "POSTGRES_PORT": ports}
    with writers(1) as [writer], closing(proxy):
        assert writer.open(tmp_path, {**several, "POSTGRES_CONNECT_TIMEOUT": "2"}).result() == {}
        assert "reserved" in writer.ask("reserve", user="u")
        proxy.is_silent = True
        proxy.cut_all()
        if not is_silent:
            proxy.close()
        for _ in range(1 if is_silent else 3):
            began = monotonic()
            answer = writer.ask("reserve", user="u")
            assert (answer["fault"], monotonic() - began < REFUSED_SECONDS) == ("StorageUnavailable", True)
            assert "does not answer as it should" in answer["says"]
            assert "Nothing of this was recorded" in answer["says"]
            figures = writer.ask("figures", users=["u"])
            assert figures["daily"] == {"u": 1}
        assert figures["behind"] > 0
        with closing(Proxy(int(environment["POSTGRES_PORT"]), own_port=other_port)):
            assert_back(writer)
            events = close_all([writer])
    assert [event["data"]["user"] for event in events if event["type"] == "GenerationReserved"] == ["u", "u"]


def assert_back(writer: WriterProcess) -> None:
    """It takes requests again, before long."""
    deadline = monotonic() + BACK_SECONDS
    while "reserved" not in writer.ask("reserve", user="u"):
        assert monotonic() < deadline, "it does not come back"
        sleep(0.1)
