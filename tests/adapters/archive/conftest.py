"""A filled storage root and a backup of it, made once for a module: who changes one takes a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.archive.archiving import backed_up, fill

Copy = Callable[[Path], Path]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root; nobody writes it."""
    root = tmp_path_factory.mktemp("filled") / "root"
    fill(root)
    return root


@pytest.fixture(scope="module")
def kept(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup; nobody writes it."""
    folder = tmp_path_factory.mktemp("kept") / "backup"
    backed_up(filled, folder)
    return folder


@pytest.fixture
def root(filled: Path, tmp_path: Path) -> Path:
    """A copy of the root."""
    return Path(shutil.copytree(filled, tmp_path / "root"))


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of the backup."""
    return Path(shutil.copytree(kept, tmp_path / "backup"))
