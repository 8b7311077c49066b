"""The architecture and the house style, as far as a machine can see them; import-linter and ruff hold the rest.

Each rule is a function from a source to what breaks it. Each is shown a source that breaks it, so that none is asleep.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from scripts.wheel import RINGS

ROOT = Path(__file__).parent.parent
CORE = ("domain", "projections")
PRODUCT = (*CORE, "adapters", "scripts", "launch.py")

PURE_MODULES = frozenset(
    {
        *(
            "__future__",
            "abc",
            "bisect",
            "collections",
            "collections.abc",
            "dataclasses",
            "datetime",
            "enum",
            "functools",
        ),
        *("hashlib", "heapq", "itertools", "math", "operator", "re", "types", "typing"),
    }
)
IMPURE_CALLS = frozenset(
    {"now", "utcnow", "today", "open", "print", "input", "eval", "exec", "__import__", "breakpoint"}
)
READERS_OF_THE_ENVIRONMENT = frozenset({"launch.py", "adapters/settings/sources.py", "adapters/settings/plugins.py"})
ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "EnvSettingsSource", "DotEnvSettingsSource"})
NAMES_WITHOUT_MEANING = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc", "shared"})
OWN_PACKAGES = (*CORE, "adapters")
LATE_TO_START_QUICKLY = frozenset(
    {
        "adapters/cli/__init__.py",  # the name of the installed program, before it is known what it is to do
        "adapters/cli/reach/access.py",  # a reading command and one that asks the service open no storage
        "adapters/cli/archive/adopting.py",  # its help and a refusal need no service
        "adapters/cli/proof/commands.py",  # as app.py: that of its commands which was given
        "adapters/cli/app.py",  # every command; only the one that was given is imported
        "adapters/cli/ledger/commands.py",  # as app.py, of which these commands are
        "adapters/cli/archive/commands.py",  # the same
        "adapters/cli/invocation.py",  # a help text reads no settings
        "adapters/cli/reach/on_log.py",  # all commands but one need no provider
        "adapters/cli/past/commands.py",  # as app.py, of which these commands are
        "adapters/cli/reports/commands.py",  # the same
        "adapters/cli/tokens/commands.py",  # the same
    }
)
"""Files of the topmost room, which no other imports: a late import there saves time, and cannot hide a circle of rooms.
"""
MODULE_OF_A_RING = re.compile(r"(domain|projections|adapters)(\.\w+)+")
WORDS_OF_THE_USER = frozenset({"adapters.eventlog"})  # PERSISTENCE_MODULE names it; nothing imports it by that
BUILDS_A_VALUE = re.compile(r"_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
MOST_BY_POSITION = 6
LONGEST_FUNCTION_LINES = 40
LONGEST_FILE_LINES = 400
LONGEST_TEST_FILE_LINES = 500
LONGEST_BY_PATH = {"scripts/verify_log.py": 1_300}  # a program that is carried about as one file, and knows no other
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)\b", re.IGNORECASE)
REASONED = re.compile(
    r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z0-9, -]+\]|pragma: no cover)\s*(#|-)\s*\S.{3,}", re.IGNORECASE
)


pytestmark = pytest.mark.xdist_group("architecture")  # every file is taken apart once


@dataclass(frozen=True)
class Source:
    """One file of Python, by its path below the project's folder."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python reads it."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All that the tree is made of."""
        return tuple(ast.walk(self.tree))

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, also those inside others."""
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    @property
    def imports(self) -> Iterator[tuple[int, str, str]]:
        """Line, module and name of each import; a relative one is written with its dots."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, "." * node.level + (node.module or ""), alias.name) for alias in node.names)

    @cached_property
    def comments(self) -> tuple[tuple[int, str], ...]:
        """Line and text of each comment. To find them takes longer than to read the file: ask where one may matter."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return tuple((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


Rule = Callable[[Source], list[str]]


def sources(*places: str) -> list[Source]:
    """The Python files of some folders, or single files."""
    found = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    assert found, f"nothing to look at in {places}"
    return [source_of(path) for path in sorted(found)]


@cache
def source_of(path: Path) -> Source:
    """A file, read and taken apart once."""
    return Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def impure_imports(source: Source) -> list[str]:
    """The core imports itself, and of the standard library what is pure."""
    own = CORE if source.path.startswith("projections") else ("domain",)
    return [
        f"line {line} imports {module}"
        for line, module, _name in source.imports
        if module not in PURE_MODULES and module.split(".")[0] not in own
    ]


def impure_deeds(source: Source) -> list[str]:
    """The core has no clock, no input or output, and nothing asynchronous."""
    found = []
    for node in source.nodes:
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Global):
            found.append(f"line {node.lineno}: {type(node).__name__}")
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                found.append(f"line {node.lineno}: {called}()")
    return found


def readers_of_the_environment(source: Source) -> list[str]:
    """Configuration is handed over; it is read in one place."""
    if source.path in READERS_OF_THE_ENVIRONMENT:
        return []
    names = [(node.lineno, node.attr) for node in source.nodes if isinstance(node, ast.Attribute)]
    names += [(line, name) for line, _module, name in source.imports]
    return [f"line {line}: {name}" for line, name in names if name in ENVIRONMENT]


def users_of_the_global_config(source: Source) -> list[str]:
    """`config` is there for code that was written against the former API; ours is handed its Config."""
    return [
        f"line {line}"
        for line, module, name in source.imports
        if (module, name) == ("adapters.settings.config", "config") and "/compat/" not in source.path
    ]


def late_imports(source: Source) -> list[str]:
    """Our own packages are imported where a file begins; another place has its reason as a comment on the line."""
    if source.path in LATE_TO_START_QUICKLY:
        return []
    early = {node.lineno for node in source.tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    late = {
        (line, module)
        for line, module, _name in source.imports
        if module.split(".")[0] in OWN_PACKAGES and line not in early
    }
    reasoned = {line for line, comment in source.comments if not SUPPRESSION.match(comment)} if late else set()
    return [f"line {line} imports {module}" for line, module in sorted(late) if line not in reasoned]


def modules_named_in_text(source: Source) -> list[str]:
    """Installed, the rings stand inside a package: what is found by name is named beside its finder, or imported."""
    texts = [
        (node.lineno, node.value)
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [
        f"line {line}: {text}"
        for line, text in texts
        if MODULE_OF_A_RING.fullmatch(text) and text not in WORDS_OF_THE_USER
    ]


def values_by_position(source: Source) -> list[str]:
    """A value of MOST_BY_POSITION members or more is built by name, and no two tuples are paired by their order."""
    found = []
    for call in (node for node in source.nodes if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if BUILDS_A_VALUE.fullmatch(called) and called != "TypeVar" and len(call.args) >= MOST_BY_POSITION:
            found.append(f"line {call.lineno}: {called} with {len(call.args)} members by position")
        if called == "zip" and any(getattr(part, "attr", "") == "_fields" for part in call.args):
            is_strict = any(word.arg == "strict" and getattr(word.value, "value", False) for word in call.keywords)
            found += [] if is_strict else [f"line {call.lineno}: zip over _fields of another length"]
    return found


def names_without_meaning(source: Source) -> list[str]:
    """What has no better name has no home yet."""
    return [part for part in Path(source.path).with_suffix("").parts if part.strip("_") in NAMES_WITHOUT_MEANING]


def long_functions(source: Source) -> list[str]:
    """Lines from `def` to the end, the docstring left out."""
    found = []
    for function in source.functions:
        first = function.body[0]
        has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        docstring_lines = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
        lines = (function.end_lineno or 0) - function.lineno + 1 - docstring_lines
        if lines > LONGEST_FUNCTION_LINES:
            found.append(f"{function.name} has {lines} lines")
    return found


def long_files(source: Source) -> list[str]:
    """More than one idea in them?"""
    usual = LONGEST_TEST_FILE_LINES if source.path.startswith("tests") else LONGEST_FILE_LINES
    most = LONGEST_BY_PATH.get(source.path, usual)
    lines = source.text.count("\n")
    return [f"{lines} lines"] if lines > most else []


def suppressions_without_reason(source: Source) -> list[str]:
    """`noqa`, `type: ignore` and `pragma` name what they suppress and why, on their line."""
    if not SUPPRESSION.search(source.text):
        return []
    return [
        f"line {line}: {comment}"
        for line, comment in source.comments
        if SUPPRESSION.search(comment) and not REASONED.search(comment)
    ]


def undocumented_tests(source: Source) -> list[str]:
    """A test says in a line which rule it proves."""
    tests = (function for function in source.functions if function.name.startswith("test_"))
    return [function.name for function in tests if not ast.get_docstring(function)]


def mocks(source: Source) -> list[str]:
    """Real parts and fakes, no mocks."""
    return [
        f"line {line} imports {module}" for line, module, name in source.imports
        if module in {"mock", "unittest.mock"} or (module, name) == ("unittest", "mock")
    ]  # fmt: skip


EVERYWHERE = (*PRODUCT, "tests")
RULES: list[tuple[Rule, tuple[str, ...], Source]] = [
    (impure_imports, CORE, Source("domain/x.py", "import os")),
    (impure_imports, CORE, Source("domain/x.py", "from projections.gallery import x")),
    (impure_imports, CORE, Source("projections/x.py", "def f():\n    import orjson")),
    (impure_deeds, CORE, Source("domain/x.py", "from datetime import datetime\nx = datetime.now()")),
    (impure_deeds, CORE, Source("domain/x.py", "async def x(): ...")),
    (readers_of_the_environment, PRODUCT, Source("adapters/x.py", "import os\nos.environ['X']")),
    (readers_of_the_environment, PRODUCT, Source("adapters/x.py", "from os import getenv")),
    (users_of_the_global_config, PRODUCT, Source("adapters/x.py", "from adapters.settings.config import config")),
    (late_imports, PRODUCT, Source("adapters/x.py", "def f():\n    from adapters.main import x")),
    (late_imports, PRODUCT, Source("adapters/x.py", "class C:\n    import domain.events")),
    (late_imports, PRODUCT, Source("adapters/x.py", "if TYPE_CHECKING:\n    from projections import x")),
    (late_imports, PRODUCT, Source("adapters/x.py", "def f():\n    import domain  # no" + "qa: PLC0415 - so")),
    (modules_named_in_text, ("adapters",), Source("adapters/x.py", "import_module('adapters.x')")),
    (values_by_position, PRODUCT, Source("adapters/x.py", "Saved(1, 2, 3, 4, 5, 6)")),
    (values_by_position, PRODUCT, Source("adapters/x.py", "_Saved(a, b, c, d, e, *figures)")),
    (values_by_position, PRODUCT, Source("adapters/x.py", "zip(Limits._fields, given, policy, strict=False)")),
    (names_without_meaning, EVERYWHERE, Source("adapters/utils/x.py", "")),
    (names_without_meaning, EVERYWHERE, Source("adapters/_helpers.py", "")),
    (long_functions, PRODUCT, Source("x.py", "def f():\n" + "    x\n" * LONGEST_FUNCTION_LINES)),
    (long_files, EVERYWHERE, Source("adapters/x.py", "\n" * (LONGEST_FILE_LINES + 1))),
    (long_files, EVERYWHERE, Source("tests/x.py", "\n" * (LONGEST_TEST_FILE_LINES + 1))),
    (suppressions_without_reason, EVERYWHERE, Source("x.py", "x = 1  # no" + "qa: E501")),
    (suppressions_without_reason, EVERYWHERE, Source("x.py", "x = 1  # no" + "qa - of all kinds")),
    (suppressions_without_reason, EVERYWHERE, Source("x.py", "x = 1  # type" + ": ignore[misc]")),
    (undocumented_tests, ("tests",), Source("tests/x.py", "class T:\n    async def test_x(self): ...")),
    (mocks, ("tests",), Source("tests/x.py", "from unittest import mock")),
]


@pytest.fixture(scope="module", autouse=True)
def _files_taken_apart() -> Iterator[None]:
    """They fill much memory, and are let go."""
    yield
    source_of.cache_clear()


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in RULES), ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    """All that breaks a rule is named at once, with the file."""
    places = next(places for other, places, _ in RULES if other is rule)
    broken = [f"{source.path}: {what}" for source in sources(*places) for what in rule(source)]
    assert not broken, "\n".join([str(rule.__doc__), *broken])


@pytest.mark.parametrize(("rule", "breach"), [(rule, breach) for rule, _, breach in RULES])
def test_the_rule_sees_a_breach(rule: Rule, breach: Source) -> None:
    """A rule that finds nothing in what breaks it would hold for ever."""
    assert rule(breach)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (impure_imports, Source("projections/x.py", "import math\nfrom domain.usage import x")),
        (
            long_functions,
            Source("x.py", 'def f():\n    """A.\n\n    B.\n    """\n' + "    x\n" * (LONGEST_FUNCTION_LINES - 1)),
        ),
        (suppressions_without_reason, Source("x.py", "x = 1  # no" + "qa: E501 - a table reads better on one line")),
        (suppressions_without_reason, Source("x.py", "x = 1  # type" + ": ignore[misc]  # the stored name")),
        (late_imports, Source("adapters/x.py", "import adapters.main\ndef f():\n    import discord")),
        (late_imports, Source("adapters/x.py", "def f():\n    import adapters.main  # as it is large")),
        (readers_of_the_environment, Source("launch.py", "import os\nos.environ['X']")),
    ],
)
def test_the_rule_leaves_the_rest_alone(rule: Rule, source: Source) -> None:
    """What is allowed, close to what is not."""
    assert rule(source) == []


def test_every_package_of_the_top_level_has_its_ring() -> None:
    """A new package is put among the layers that import-linter checks, and among what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (
        contract["layers"] for contract in contracts if contract["type"] == "layers" and "containers" not in contract
    )
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(layers) == set(RINGS)
    assert layers == ["adapters", "projections", "domain"]


def test_every_room_of_the_adapters_has_its_layer() -> None:
    """The contract is exhaustive, and names each package and module once, and nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (rooms,) = (contract for contract in contracts if contract.get("containers") == ["adapters"])
    assert (rooms["type"], rooms["exhaustive"]) == ("layers", True)
    assert not {"exhaustive_ignores", "ignore_imports"} & rooms.keys()
    named = [name.strip() for layer in rooms["layers"] for name in layer.split("|")]
    there = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
    there |= {path.stem for path in (ROOT / "adapters").glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(there)


def test_files_that_import_late_are_in_the_topmost_room() -> None:
    """And each does import late: a list that outlives its reasons would let others pass."""
    for path in LATE_TO_START_QUICKLY:
        assert path.startswith("adapters/cli/")
        assert late_imports(Source(f"unlisted/{path}", (ROOT / path).read_text(encoding="utf-8")))
