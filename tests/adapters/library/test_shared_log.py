"""`StorageManager` over a log in a database: programs on several machines have one quota."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import ConfigError
from tests.hostile.builders import png
from tests.servers.postgres import new_database


async def test_two_programs_have_one_quota(tmp_path: Path) -> None:
    """What one saves the other counts, and beside both somebody reads."""
    database = new_database()
    with (
        closing(StorageManager(tmp_path / "a", max_user_daily_gens=2, postgres=database)) as first,
        closing(StorageManager(tmp_path / "b", postgres=database)) as second,
    ):
        assert (await first.save_image(png(), "1", "one.png"))[0]
        assert (await second.save_image(png(), "1", "two.png"))[0]
        ok, told, _ = await first.save_image(png(), "1", "three.png")
        assert not ok
        assert "2" in told
        with closing(StorageManager(tmp_path / "c", read_only=True, postgres=database)) as reader:
            assert reader.get_quota_status("1")["daily"]["used"] == 2


def test_a_database_without_a_name_is_refused(tmp_path: Path) -> None:
    """As the settings are."""
    with pytest.raises(ConfigError, match="POSTGRES_DBNAME"):
        StorageManager(tmp_path, postgres={"POSTGRES_HOST": "db"})
