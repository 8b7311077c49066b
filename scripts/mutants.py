"""Break the decisions on purpose, one small change at a time, and see whether the domain's tests notice.

    python scripts/mutants.py                  all modules that decide or evolve
    python scripts/mutants.py domain/usage.py  some of them

Each mutant runs in a process of its own on a copy of the rings and their tests, with the changed module put in place of
the real one in memory. A mutant is killed by a failing test, by an error on import, or by taking over MAX_SECONDS.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "domain/decisions.py",
    "domain/usage.py",
    "domain/reserving.py",
    "domain/images.py",
    "domain/policies.py",
    "domain/quota_checks.py",
    "domain/validation.py",
)
TESTS = ("tests/domain", "tests/projections")
COPIED = ("domain", "projections", "tests/domain", "tests/projections", "tests/samples")
NOT_ASKED = "test_names.py"
"""Its subject is not mutated here."""
SETTINGS = "pytest.ini"
"""Settings of the copy: none of the plugins of the rest of the suite."""

WANTED_PERCENT = 90
WORKERS = 2
MAX_SECONDS = 120
"""A mutant that runs longer than this loops for ever."""
SURVIVED = 0
"""The exit code of a test run that noticed nothing."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}
OTHER_CALL = {"min": "max", "max": "min", "all": "any", "any": "all"}


class Site(NamedTuple):
    """One possible change: its line, what it does, and the function that does it to the tree it was found in."""

    line: int
    change: str
    apply: Callable[[], None]


class Mutant(NamedTuple):
    """A change of a module by its number, with the source line for people."""

    path: str
    number: int
    line: int
    change: str
    source: str


def sites(tree: ast.Module) -> list[Site]:
    """Every change of a module, always in the same order. Annotations and the wording of messages are left alone."""
    return [site for node in _code(tree) for site in _sites_of(node)]


def _code(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield child
                yield from _code(child)


def _sites_of(node: ast.AST) -> Iterator[Site]:  # noqa: C901, PLR0912 - one case for each kind of change is the clearest form
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                yield _site(node, f"{_name(op)} to {COMPARISONS[type(op)].__name__}", _set_item, ops, i, _other(op))
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield _site(node, f"{_name(op)} to {_name(other)}", setattr, node, "op", other)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            yield _site(node, f"{_name(op)} to {ARITHMETIC[type(op)].__name__}", setattr, node, "op", _opposite(op))
        case ast.Constant(value=bool(value)):
            yield _site(node, f"{value} to {not value}", setattr, node, "value", not value)
        case ast.Constant(value=int(value)):
            for changed in (value + 1, value - 1):
                yield _site(node, f"{value} to {changed}", setattr, node, "value", changed)
        case ast.Call(func=ast.Name(id=called) as name) if called in OTHER_CALL:
            yield _site(node, f"{called} to {OTHER_CALL[called]}", setattr, name, "id", OTHER_CALL[called])
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield _site(node, "return None", setattr, node, "value", ast.Constant(None))
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield _site(node, "condition negated", setattr, node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=ifs):
            for i, test in enumerate(ifs):
                yield _site(test, "filter negated", _set_item, ifs, i, ast.UnaryOp(ast.Not(), test))
        case ast.match_case(guard=ast.expr() as guard):
            yield _site(guard, "guard negated", setattr, node, "guard", ast.UnaryOp(ast.Not(), guard))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield _site(node, f"{_name(node.op)} dropped", _become, node, operand)
        case ast.Raise():
            yield _site(node, "not raised", _become, node, ast.Pass())
        case _:
            pass


def _site(node: ast.AST, change: str, function: Callable[..., None], *arguments: object) -> Site:
    return Site(getattr(node, "lineno", 0), change, partial(function, *arguments))


def _set_item(items: list[ast.AST], index: int, item: ast.AST) -> None:
    items[index] = item


def _become(node: ast.AST, other: ast.AST) -> None:
    """The node turns into the other one where it stands."""
    place = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    node.__class__ = other.__class__  # the tree tells no node its parent
    node.__dict__ = {**other.__dict__, **place}


def _name(node: ast.AST) -> str:
    return type(node).__name__


def _other(op: ast.cmpop) -> ast.cmpop:
    return COMPARISONS[type(op)]()


def _opposite(op: ast.operator) -> ast.operator:
    return ARITHMETIC[type(op)]()


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def mutants_of(path: str) -> list[Mutant]:
    """All mutants of a module."""
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    return [
        Mutant(path, number, site.line, site.change, lines[site.line - 1].strip())
        for number, site in enumerate(sites(ast.parse(text)))
    ]


def put_in_place(path: str, number: int) -> None:
    """Imports the mutant under its module's name, so that everybody after this gets it."""
    name = path.removesuffix(".py").replace("/", ".")
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    sites(tree)[number].apply()
    spec = importlib.util.find_spec(name)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(ast.fix_missing_locations(tree), path, "exec"), module.__dict__)  # noqa: S102 - our own module, changed
    setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], module)


def run_tests() -> int:
    """The domain's tests in this process and folder, up to the first failure."""
    import pytest

    plugins = [
        "-c",
        SETTINGS,
        "--disable-plugin-autoload",
        "-p",
        "no:cacheprovider",
        "-p",
        "_hypothesis_pytestplugin",
        "--hypothesis-seed=0",
    ]
    return int(pytest.main([*plugins, "-x", "-q", "--no-header", "--tb=no", *TESTS]))


def survives(copy: Path, mutant: Mutant | None) -> bool:
    """Whether the tests pass with this mutant; None: with the real modules."""
    which = [mutant.path, str(mutant.number)] if mutant else []
    command = [sys.executable, "-B", str(Path(__file__).resolve()), "--run-tests", *which]
    try:
        done = subprocess.run(command, cwd=copy, timeout=MAX_SECONDS, check=False, capture_output=True)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == SURVIVED


def report(paths: list[str], workers: int) -> bool:
    """Runs all mutants of the modules and prints what became of each; whether enough were killed."""
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    survivors = 0
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(workers) as pool:
        copy = Path(directory)
        for folder in COPIED:
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", NOT_ASKED))
        (copy / SETTINGS).write_text("[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n", encoding="utf-8")
        if not survives(copy, None):
            print("The tests fail without any mutant. Run pytest on them and make them pass first.")
            return False
        for mutant, alive in zip(mutants, pool.map(partial(survives, copy), mutants), strict=True):
            survivors += alive
            verdict = "SURVIVED" if alive else "killed  "
            print(f"{verdict} {mutant.path}:{mutant.line} [{mutant.change}] {mutant.source}", flush=True)
    killed = len(mutants) - survivors
    print(f"{killed} of {len(mutants)} mutants killed ({killed * 100 / len(mutants):.1f} %), {survivors} survived.")
    return killed * 100 >= WANTED_PERCENT * len(mutants)


def main() -> int:
    """Exit code 1 where fewer than WANTED_PERCENT of the mutants were killed."""
    parser = argparse.ArgumentParser(description="Mutation testing of the domain's decisions.")
    parser.add_argument("modules", nargs="*", help="paths such as domain/usage.py; none: all that decide or evolve")
    parser.add_argument("--workers", type=int, default=WORKERS, help=f"processes at a time (default {WORKERS})")
    parser.add_argument("--run-tests", action="store_true", help="internal: run the tests, with MODULE NUMBER in place")
    chosen = parser.parse_args()
    if not chosen.run_tests:
        return 0 if report(chosen.modules or list(MODULES), chosen.workers) else 1
    sys.path.insert(0, str(Path.cwd()))
    if chosen.modules:
        path, number = chosen.modules
        put_in_place(path, int(number))
    return run_tests()


if __name__ == "__main__":
    sys.exit(main())
