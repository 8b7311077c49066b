"""The former module paths: the same objects under their old names, and nothing else in those modules."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import adapters.settings.config
from adapters.library.image_generator import ImageGenerator
from adapters.library.quota_manager import QuotaExceeded, QuotaManager
from adapters.library.storage_manager import StorageManager
from adapters.ports import faults

ROOT = Path(__file__).parents[3]
COMPAT = ROOT / "adapters" / "compat"


@pytest.mark.parametrize(
    ("module", "name", "original"),
    [
        ("abby_core.storage", "StorageManager", StorageManager),
        ("abby_core.storage", "QuotaManager", QuotaManager),
        ("abby_core.storage", "QuotaExceeded", QuotaExceeded),
        ("abby_core.storage.storage_manager", "StorageManager", StorageManager),
        ("abby_core.storage.quota_manager", "QuotaManager", QuotaManager),
        ("abby_core.generation", "ImageGenerator", ImageGenerator),
        ("abby_core.generation.image_generator", "ImageGenerator", ImageGenerator),
        ("abby_adapters.discord.config", "BotConfig", adapters.settings.config.BotConfig),
        ("abby_adapters.discord.config", "StorageConfig", adapters.settings.config.StorageConfig),
    ],
)
def test_a_former_path_leads_to_the_same_object(module: str, name: str, original: object) -> None:
    """Code written against it runs unchanged."""
    assert getattr(importlib.import_module(module), name) is original


def test_every_fault_of_the_storage_has_a_public_name() -> None:
    """What a program's calls raise it can also catch, without looking inside."""
    public = importlib.import_module("abby_core.storage")
    tree = {name: found for name, found in vars(faults).items() if isinstance(found, type)}
    assert len(tree) >= 10
    assert {name: getattr(public, name, None) for name in tree} == tree
    assert set(tree) < set(public.__all__)


@pytest.mark.parametrize("path", sorted(COMPAT.rglob("*.py")), ids=lambda path: path.relative_to(COMPAT).as_posix())
def test_there_are_aliases_and_nothing_else(path: Path) -> None:
    """A docstring, imports, `__all__`, and `__getattr__` where a name is made at its first use."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        is_late_name = isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
        assert is_docstring or is_list or is_late_name or isinstance(node, ast.Import | ast.ImportFrom)


def test_a_folder_without_an_installation_needs_two_entries_of_the_path(tmp_path: Path) -> None:
    """What an editable installation puts on the path is enough, from any folder."""
    program = "from abby_core.storage import StorageManager; from abby_adapters.discord.config import BotConfig"
    path = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(COMPAT)!r}]; "
    done = subprocess.run([sys.executable, "-P", "-c", path + program], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
