"""How modules are moved into the package of the wheel; that the wheel works is shown in tests/packaging."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.wheel import lay_out, moved


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from domain.usage import Usage\n", "from abby_ledger.domain.usage import Usage\n"),
        ("from adapters import http\n", "from abby_ledger.adapters import http\n"),
        ("import projections.gallery as g\n", "import abby_ledger.projections.gallery as g\n"),
        ("import os, domain as d, re\n", "import os, abby_ledger.domain as d, re\n"),
        ("from domain.x import (\n    a,\n)\n", "from abby_ledger.domain.x import (\n    a,\n)\n"),
        ("def f():\n    from domain import x\n", "def f():\n    from abby_ledger.domain import x\n"),
        ("é = 'ü'; from domain import x; from domain import y\n",
         "é = 'ü'; from abby_ledger.domain import x; from abby_ledger.domain import y\n"),
        ("from domain import x\r\nfrom os import y", "from abby_ledger.domain import x\r\nfrom os import y"),
    ],
)  # fmt: skip
def test_an_import_of_a_ring_leads_into_the_package(before: str, after: str) -> None:
    """In each form of an import, on any line, beside any text."""
    assert moved(before.encode(), "x.py").decode() == after


@pytest.mark.parametrize(
    "source",
    [
        "from domains import x\n",
        "import os, adapters_of_ours\n",
        "from . import domain\n",
        "text = 'from domain import x'\n",
        '"""\nfrom domain.usage import Usage\n"""\n',
        "# from domain import x\n",
        "domain.from_(adapters)\n",
    ],
)
def test_everything_else_stays(source: str) -> None:
    """Text, comments, other names, and what is found beside its module."""
    assert moved(source.encode(), "x.py").decode() == source


@pytest.mark.parametrize(
    "source",
    ["import domain\n", "import os, adapters.http\n", "from \\\n  domain import x\n", "from  domain import x\n"],
)
def test_an_import_that_cannot_be_moved_ends_the_build(source: str) -> None:
    """`import domain` binds a name that the code goes on to use; the message says where it stands."""
    with pytest.raises(ValueError, match=r"adapters/x\.py, line 1: "):
        moved(source.encode(), "adapters/x.py")


def test_files_go_to_their_places(tmp_path: Path) -> None:
    """Rings into the package, public names to the top; caches and what an editor leaves go nowhere."""
    written = {
        "domain/x.py": "from domain import y\n",
        "adapters/http/page/a.js": "from domain import y\n",
        "adapters/compat/abby_core/x.py": "from adapters import y\n",
        "adapters/__pycache__/x.pyc": "",
        "adapters/x.py~": "",
        "adapters/.env": "",
        "tests/x.py": "",
    }
    for name, text in written.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(text, encoding="utf-8")
    lay_out(tmp_path / "root", tmp_path / "out")
    found = {
        file.relative_to(tmp_path / "out").as_posix(): file.read_text("utf-8")
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    }
    assert found.pop("abby_ledger/__init__.py").startswith('"""')
    assert found == {
        "abby_ledger/py.typed": "",
        "abby_ledger/domain/x.py": "from abby_ledger.domain import y\n",
        "abby_ledger/adapters/http/page/a.js": "from domain import y\n",
        "abby_core/x.py": "from abby_ledger.adapters import y\n",
    }
