"""Which engine keeps the log: the default, that of a module which offers one, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.engines.choice import DEFAULT_MODULE, choose_engine, default_engine
from adapters.eventlog.jsonl import JSONLEngine
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config
from tests.adapters.engines.in_memory import InMemoryEngine


def test_without_a_setting_it_is_lines_of_json() -> None:
    """By its name, as it stands in the settings, and without one."""
    assert load_config({}).log_keeper.module == DEFAULT_MODULE
    assert isinstance(choose_engine(LogKeeper(DEFAULT_MODULE)), JSONLEngine)
    assert isinstance(default_engine(), JSONLEngine)


def test_a_module_that_offers_one_is_accepted() -> None:
    """Whoever wrote it; nothing here knows its name."""
    assert isinstance(choose_engine(LogKeeper("tests.adapters.engines.in_memory")), InMemoryEngine)


def test_an_engine_is_given_the_files_that_it_works_with(tmp_path: Path) -> None:
    """So that whoever opens a root decides on them once."""
    read: list[Path] = []

    class Watched(Files):
        def lexists(self, path: Path) -> bool:
            read.append(path)
            return super().lexists(path)

    assert not default_engine(Watched()).exists(tmp_path)
    assert read


@pytest.mark.parametrize(
    "module", ["eventsourcing.dcb.popo", "adapters.ports", "no_such_module", "adapters.no_such_module", "json.decoder"]
)
def test_anything_else_is_refused_in_words_that_name_the_setting(module: str) -> None:
    """A recorder of the library without what the port wants, any other module, and none at all."""
    with pytest.raises(ConfigError) as refused:
        choose_engine(LogKeeper(module))
    assert str(refused.value) == (
        f"PERSISTENCE_MODULE={module}: no module of that name offers an engine that keeps the log. Name one that does, "
        "or leave the setting out: then it is adapters.eventlog."
    )
