"""A storage root with `..` in it is the folder that it leads to, and a relative one stays in the project's folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder."""
    (tmp_path / "project/deep").mkdir(parents=True)
    monkeypatch.setattr("adapters.settings.kinds.project_folder", lambda: tmp_path / "project")
    return tmp_path / "project"


def root_of(given: str, env_file: Path) -> Path:
    """The storage root of a setting."""
    return load_config({"STORAGE_ROOT": given}, env_file).storage.storage_root


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A file of settings that sets nothing."""
    (tmp_path / "settings.env").touch()
    return tmp_path / "settings.env"


def test_a_folder_that_climbs_is_shown_as_where_it_leads(project: Path, env_file: Path) -> None:
    """Inside of the project a relative one, anywhere a whole path, which somebody wrote on purpose."""
    assert root_of("deep/../data", env_file) == project / "data"
    assert root_of(f"{project}/deep/../../data", env_file) == project.parent / "data"


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [("..", "."), ("../data", "data"), ("relative/../..", "."), ("deep/../../project2/x", "project2/x")],
)
def test_a_relative_folder_that_leads_out_is_refused(project: Path, env_file: Path, given: str, leads_to: str) -> None:
    """With where it leads, and what to write if that is meant; a folder whose name begins alike is not inside."""
    there = re.escape(str((project.parent / leads_to).resolve()))
    with pytest.raises(ConfigError, match=f"it leads out of this folder, to {there}; if that is meant, write that"):
        root_of(given, env_file)
