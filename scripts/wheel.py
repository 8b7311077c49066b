"""The hook of the build: lays the wheel out so that it works beside a program's own `domain/` or `adapters/`.

In the repository the three rings stand on the top level; in the wheel they stand inside one package. There, each import
of a ring is written anew at the place that the syntax tree names, and nothing else changes: a line keeps its number.
The public names stay on the top level. An editable installation takes the folders as they are. Which files are tests,
documents or programs of the repository is no question: they are in no ring.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig

RINGS = ("domain", "projections", "adapters")
PACKAGE = "abby_ledger"
PUBLIC_NAMES = "adapters/compat"
"""The folder of what programs import."""
SUFFIXES = frozenset({".py", ".typed", ".json", ".html", ".css", ".js", ".svg", ".webp"})
"""What the product consists of; anything else that lies about stays out of the wheel."""
DOCSTRING = '"""The inside of Abby Ledger, which may move. Programs import `abby_core` and `abby_adapters`."""\n'


class WheelLayout(BuildHookInterface[WheelBuilderConfig]):
    """Called by hatchling before and after it makes a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Lays the files out beside the repository and tells hatchling to take them from there."""
        if version == "editable":
            return
        self.staged = TemporaryDirectory(prefix="abby-wheel-")
        lay_out(Path(self.root), Path(self.staged.name))
        build_data["force_include"].update({str(top): top.name for top in Path(self.staged.name).iterdir()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the files again; they are in the wheel."""
        del build_data, artifact_path
        if version != "editable":
            self.staged.cleanup()


def lay_out(root: Path, target: Path) -> None:
    """Writes all that belongs into a wheel below `target`. Raises ValueError for an import that cannot be moved."""
    for source, place in places(root):
        destination = target / place
        destination.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes()
        destination.write_bytes(moved(data, source.relative_to(root).as_posix()) if source.suffix == ".py" else data)
    (target / PACKAGE / "__init__.py").write_text(DOCSTRING, encoding="utf-8")
    (target / PACKAGE / "py.typed").touch()


def places(root: Path) -> Iterator[tuple[Path, Path]]:
    """Each file of the product and its place in the wheel, in the order of their names."""
    public = root / PUBLIC_NAMES
    for ring in RINGS:
        for file in sorted((root / ring).rglob("*")):
            if file.is_file() and file.suffix in SUFFIXES:
                is_public = file.is_relative_to(public)
                yield file, file.relative_to(public) if is_public else PACKAGE / file.relative_to(root)


def moved(source: bytes, name: str) -> bytes:
    """A module with its imports of the rings led into the package; `name` tells errors apart."""
    lines = source.splitlines(keepends=True)
    for line, column in sorted(names_of_rings(ast.parse(source), lines, name), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:column] + f"{PACKAGE}.".encode() + text[column:]
    return b"".join(lines)


def names_of_rings(tree: ast.Module, lines: list[bytes], name: str) -> Iterator[tuple[int, int]]:
    """Line and column (in bytes) of each name of a ring in an import. Raises ValueError where it cannot be moved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and is_ring(node.module or ""):
            begin = f"from {node.module} import ".encode()
            if not lines[node.lineno - 1].startswith(begin, node.col_offset):
                raise ValueError(f"{name}, line {node.lineno}: write `from {node.module} import ...` on one line")
            yield node.lineno, node.col_offset + len(b"from ")
        elif isinstance(node, ast.Import):
            for alias in filter(lambda alias: is_ring(alias.name), node.names):
                if alias.asname is None:
                    raise ValueError(f"{name}, line {alias.lineno}: `import {alias.name}` cannot be moved; say `from`")
                yield alias.lineno, alias.col_offset


def is_ring(module: str) -> bool:
    """Whether a module is of a ring, or is one."""
    return module.partition(".")[0] in RINGS
