"""The package as people install it: in a program that has its own `domain/`, `adapters/` and `projections.py`.

Once a session a source distribution and a wheel are built with the locked tools and without a network, and the source
distribution is installed into an environment that sees the locked packages and nothing of this folder.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from itertools import islice
from pathlib import Path
from threading import Timer
from typing import NamedTuple
from urllib.request import urlopen

import pytest

import adapters.cli
from scripts.wheel import PACKAGE, PUBLIC_NAMES, RINGS

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
VERSION = version("abby-ledger")
TOP_LEVEL = {PACKAGE, "abby_core", "abby_adapters"}
WAIT_SECONDS = 60.0
START_LINES = 200
"""Lines that a starting service may print before it names its page."""

pytestmark = pytest.mark.xdist_group("package")  # built once


class Installed(NamedTuple):
    """What was built, and the environment that it was installed into."""

    wheel: Path
    home: Path

    @property
    def packages(self) -> Path:
        """Where its modules are."""
        return Path(of_environment(self.home, "purelib"))

    def program(self, name: str) -> str:
        """The path of a program of the environment."""
        return str(Path(of_environment(self.home, "scripts")) / (name + (".exe" if os.name == "nt" else "")))


def of_environment(home: Path, name: str) -> str:
    """A folder of a virtual environment, by the name that Python has for it."""
    return sysconfig.get_path(name, "venv", {"base": str(home), "platbase": str(home)})


def run(*words: str, folder: Path, **variables: str) -> str:
    """What a program prints that ends well. A program's folder comes before all that is installed."""
    done = subprocess.run(
        words, cwd=folder, env=environment(folder, **variables), capture_output=True, encoding="utf-8",
        timeout=WAIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """This process's without its settings; offline pictures, any free port."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "HOME") if name in os.environ}
    ours = {"GENERATOR": "sketch", "HTTP_PORT": "0", "PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "120"}
    return kept | ours | variables


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The source distribution, installed by pip, and the wheel of this folder to compare it with."""
    built, home = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("environment")
    build = (sys.executable, "-m", "hatchling", "build", "-d", str(built), "-t", "sdist", "-t", "wheel")
    subprocess.run(build, cwd=ROOT, capture_output=True, timeout=WAIT_SECONDS, check=True)
    venv.create(home, symlinks=os.name != "nt")
    made = Installed(next(built.glob("*.whl")), home)
    locked = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (made.packages / "locked.pth").write_text("\n".join(locked), encoding="utf-8")  # theirs are not followed from there
    pip = [sys.executable, "-m", "pip", "--python", made.program("python"), "install", "--quiet", "--no-input"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed", "--disable-pip-version-check"]
    run(*pip, *offline, str(next(built.glob("*.tar.gz"))), folder=built)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program with modules of its own under the names of our rings."""
    for name in ("adapters/__init__.py", "domain/__init__.py", "projections.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"OWN = {name!r}\n", encoding="utf-8")
    (tmp_path / "domain" / "greetings.py").write_text("PROMPT = 'A cute rabbit'\n", encoding="utf-8")
    return tmp_path


@contextmanager
def serving(installed: Installed, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of `abby serve` and its process, which ends with the block, or after WAIT_SECONDS."""
    words = [installed.program("abby"), "serve"]
    with subprocess.Popen(words, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True) as process:
        end = Timer(WAIT_SECONDS, process.kill)
        end.start()
        try:
            assert process.stdout is not None
            for line in islice(process.stdout, START_LINES):
                if found := re.search(r"The page is at (\S+)/", line):
                    yield found[1], process
                    return
            raise AssertionError("the service ended before it named its page")
        finally:
            end.cancel()
            process.kill()


def names_in(wheel: Path) -> set[str]:
    """All files of a wheel but its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def record_of(text: str) -> dict[str, str]:
    """Path and hash of each file of our packages, by a RECORD."""
    return {path: digest for path, digest, _ in csv.reader(text.splitlines()) if path.split("/")[0] in TOP_LEVEL}


def test_the_wheel_holds_the_rings_and_the_public_names_and_nothing_else(installed: Installed) -> None:
    """Modules, the page's files, JSON schemas and `py.typed`; no test, document or script, and no other top level."""
    found = {file.relative_to(ROOT) for ring in RINGS for file in (ROOT / ring).rglob("*") if file.is_file()}
    files = {file for file in found if "__pycache__" not in file.parts and not file.name.startswith(".")}
    public = {file.relative_to(PUBLIC_NAMES) for file in files if file.is_relative_to(PUBLIC_NAMES)}
    inside = {PACKAGE / file for file in files if not file.is_relative_to(PUBLIC_NAMES)}
    of_the_package = {Path(PACKAGE, "__init__.py"), Path(PACKAGE, "py.typed")}
    assert names_in(installed.wheel) == {path.as_posix() for path in public | inside | of_the_package}
    assert {name.split("/")[0] for name in names_in(installed.wheel)} == TOP_LEVEL


def test_the_wheel_carries_the_licence(installed: Installed) -> None:
    """Beside its metadata, word for word."""
    with zipfile.ZipFile(installed.wheel) as archive:
        text = archive.read(f"{PACKAGE}-{VERSION}.dist-info/licenses/LICENSE")
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_source_distribution_gives_the_same_files(installed: Installed) -> None:
    """What was installed from it has the hashes of the wheel that was built here."""
    with zipfile.ZipFile(installed.wheel) as archive:
        built = record_of(archive.read(f"{PACKAGE}-{VERSION}.dist-info/RECORD").decode())
    record = installed.packages / f"{PACKAGE}-{VERSION}.dist-info" / "RECORD"
    there = record_of(record.read_text(encoding="utf-8"))
    assert built
    assert {path: there.get(path) for path in built} == built
    assert {path for path in there if not path.endswith(".pyc")} == set(built)


def test_nothing_of_this_folder_helps(installed: Installed, tmp_path: Path) -> None:
    """The rings of the repository cannot be imported there, so what runs below runs from what was installed."""
    program = f"import importlib.util as i; print([name for name in {RINGS} if i.find_spec(name)])"
    assert run(installed.program("python"), "-c", program, folder=tmp_path) == "[]\n"


def test_the_readmes_example_runs_in_such_a_program(installed: Installed, folder: Path) -> None:
    """Word for word, and an image is kept."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    (folder / "picture.png").write_bytes((ROOT / "tests" / "samples" / "drawing.png").read_bytes())
    (folder / "example.py").write_text(example, encoding="utf-8")
    first, second = run(installed.program("python"), "example.py", folder=folder).splitlines()
    assert first.startswith("True ")
    assert second.startswith("{'allowed': True, ")
    assert (folder / "shared" / "logs" / "events.jsonl").is_file()


def test_a_bots_cog_runs_beside_modules_of_its_own(installed: Installed, folder: Path) -> None:
    """The cog of the former documents makes, keeps and shows; `domain` and the others are the bot's, and stay so."""
    (folder / "cogs").mkdir()
    (folder / "cogs" / "images.py").write_text((HERE / "cog.txt").read_text("utf-8"), encoding="utf-8")
    (folder / "bot.py").write_text((HERE / "bot.txt").read_text("utf-8"), encoding="utf-8")
    made, refused, own, modules = run(
        installed.program("python"), "bot.py", folder=folder, MAX_USER_DAILY_GENS="1"
    ).splitlines()
    assert made == "📅 Today: 1/1 generations True"
    assert refused.startswith("❌ Daily limit reached: 1 of 1")
    assert own == "adapters/__init__.py domain/__init__.py projections.py"
    assert modules == "['adapters', 'domain', 'domain.greetings', 'projections']"


def test_the_command_line_tells_its_help_and_version(installed: Installed, folder: Path) -> None:
    """As it does here; `python -m` does the same as `abby`."""
    module = (installed.program("python"), "-m", f"{PACKAGE}.adapters.cli")
    assert "serve" in run(installed.program("abby"), "--help", folder=folder)
    assert run(installed.program("abby"), "--version", folder=folder) == f"{VERSION}\n"
    assert run(*module, "--version", folder=folder) == f"{VERSION}\n"


def test_a_picture_is_made_and_kept_offline(installed: Installed, folder: Path) -> None:
    """The provider is found by its word, wherever its module is."""
    told = run(installed.program("abby"), "generate", "a cat", "--width", "64", "--height", "64", folder=folder)
    assert "text_to_image/image_1.png" in told
    assert (folder / "shared" / "images" / "users" / "local" / "text_to_image" / "image_1.png").is_file()


def test_the_service_serves_its_page(installed: Installed, folder: Path) -> None:
    """It is ready, the page has its files, and it ends in order when it is told to."""
    with serving(installed, folder) as (address, process):
        for path, begin in (("/readyz", b'{"'), ("/", b"<!doctype html>"), ("/page/app.js", b"")):
            with urlopen(address + path, timeout=WAIT_SECONDS) as answer:
                assert (answer.status, answer.read().startswith(begin)) == (200, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0


def test_here_abby_is_the_same_command() -> None:
    """An editable installation, which launch.py makes, leads to the folder itself under the same name."""
    (abby,) = entry_points(group="console_scripts", name="abby")
    assert abby.load() is adapters.cli.main
