#!/usr/bin/env python3
"""Sets Abby up and starts it: `python3 launch.py` serves, `python3 launch.py test` tests, other words go to `abby`.

It answers for `.venv` beside it: made once, filled from the hash-locked requirements, filled again when they change,
made anew when an installation was cut short. It leaves everything else to the programs it starts. Standard library
only; an older Python gets far enough to be told which one is needed, so no syntax here is newer than Python 3.6.
"""

import sys

OLDEST_PYTHON = (3, 11)
if sys.version_info < OLDEST_PYTHON:
    sys.stderr.write(
        "abby: this is Python {}.{}, and Abby needs 3.11 or newer; install it from https://www.python.org/downloads/ "
        "(or your system's packages) and start launch.py with it.\n".format(*sys.version_info[:2])
    )
    sys.exit(1)

import collections
import contextlib
import dataclasses
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WAIT_FOR_OTHER_SETUP_SECONDS = 900
NO_LOCKS_THERE = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
KEPT_PIP_LINES = 200
PIP_RETRIES = 2
PYTHON_VERSION = "{}.{}".format(*sys.version_info[:2])
INSTALLING = "installing"  # the key of a stamp whose installation has not ended
TEST_PROCESSES = 2

# What pip says, and what that means for a person; the first row that fits is told.
PIP_FAILURES = {
    "DO NOT MATCH THE HASHES": (
        "a downloaded package is not the one that the requirements file names, and nothing of it was used; "
        "start again, and if it stays so, look at what stands between you and the package index"
    ),
    "No space left on device|not enough space": "the disk is full; make room and start again",
    "CERTIFICATE_VERIFY_FAILED": (
        "the package index's certificate is not trusted by this Python; set PIP_CERT to your network's certificate "
        "file and start again"
    ),
    r"Retrying \(|ConnectionError|name resolution|getaddrinfo|Network is unreachable|timed out|ProxyError": (
        "the package index cannot be reached; connect to a network (or set PIP_INDEX_URL to a mirror) and start again"
    ),
}


class SetupFailed(Exception):
    """Abby cannot be set up; the message is one sentence for a person."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where things are, below one folder and by the habits of one system."""

    root: Path
    windows: bool

    @property
    def venv(self) -> Path:
        """The folder that holds Python and the packages."""
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        """The file that says what is installed."""
        return self.venv / "abby-setup.json"

    @property
    def python(self) -> Path:
        """The Python of the folder."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """A program of the folder, such as `abby`."""
        return self.venv / "Scripts" / (name + ".exe") if self.windows else self.venv / "bin" / name

    def lock_file(self, package_set: str) -> Path:
        """The locked requirements of `runtime` or of `dev`, which holds all of `runtime` and more."""
        return self.root / ("requirements.lock" if package_set == "runtime" else "requirements-dev.lock")

    def digest(self, package_set: str) -> str:
        """Changes with all that makes an installation stale: the requirements, the project, the Python, the place."""
        digest = hashlib.sha256(f"{PYTHON_VERSION} {self.root}".encode())
        for path in (self.lock_file(package_set), self.root / "pyproject.toml"):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def main(words: list[str]) -> int:
    """Set up what the words need, then become the program they name; returns an exit code where it cannot."""
    layout = Layout(ROOT, windows=os.name == "nt")
    testing = words[:1] == ["test"]
    try:
        set_up(layout, "dev" if testing else "runtime")
    except SetupFailed as failure:
        print("abby: " + str(failure) + ".", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"abby: the set-up in {layout.venv} failed ({error}); check its free space and its owner.", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        print("abby: stopped during the set-up; the next start makes it good.", file=sys.stderr)
        return 130
    return start(command(layout, words), windows=layout.windows, folder=layout.root if testing else None)


def command(layout: Layout, words: list[str]) -> list[str]:
    """The program that the words ask for, with its arguments."""
    if words[:1] == ["test"]:
        return [str(layout.python), "-m", "pytest", "-n", str(TEST_PROCESSES), "--dist", "loadgroup", *words[1:]]
    abby = [str(layout.program("abby"))] if layout.windows else [str(layout.python), str(layout.program("abby"))]
    return abby + (words or ["serve"])


def start(arguments: list[str], windows: bool, folder: Path | None) -> int:
    """Become the program, so that signals are its own; Windows cannot: there, wait for it and pass its exit code on."""
    if folder is not None:
        os.chdir(folder)
    sys.stdout.flush()
    if not windows:
        os.execv(arguments[0], arguments)  # noqa: S606 - replacing this process is the point; there is no shell
    child = subprocess.Popen(arguments)
    signal.signal(
        signal.SIGINT, lambda _number, _frame: None
    )  # Ctrl+C reaches the child too, which decides what it means
    return child.wait()


def set_up(layout: Layout, package_set: str) -> None:
    """Make `.venv` hold the packages of the set. Does nothing, within milliseconds, where it already does."""
    if is_current(layout, package_set):
        return
    with only_one(layout):
        if not is_current(layout, package_set):
            install(layout, package_set)


def is_current(layout: Layout, package_set: str) -> bool:
    """Whether the last complete installation is still the one that is asked for."""
    stamp = read_stamp(layout)
    return stamp.get(package_set) == layout.digest(package_set) and layout.python.exists()


def read_stamp(layout: Layout) -> dict[str, str]:
    """What is installed: package set -> digest, or `{"installing": ...}`; empty where launch.py never came so far."""
    try:
        stamp = json.loads(layout.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(layout: Layout, stamp: Mapping[str, str]) -> None:
    """Replace the stamp in one step, so that a cut leaves the old one or the new one."""
    aside = layout.stamp.with_suffix(".new")
    aside.write_text(json.dumps(stamp), encoding="utf-8")
    aside.replace(layout.stamp)


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Hold the lock of the set-up; a second launch.py waits for the first one rather than installing over it."""
    deadline = time.monotonic() + WAIT_FOR_OTHER_SETUP_SECONDS
    told = False
    with (layout.root / ".venv.lock").open("ab") as handle:
        while not try_lock(handle.fileno()):
            if time.monotonic() > deadline:
                raise SetupFailed("another launch.py has been installing here for too long; end it and start again")
            if not told:
                print("Another launch.py is installing here; waiting for it.", flush=True)
                told = True
            time.sleep(0.2)
        yield


def try_lock(descriptor: int) -> bool:
    """Take the lock if it is free; closing the file, or the end of the process, gives it back. A file system that has
    no locks keeps nobody waiting.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in NO_LOCKS_THERE
    return True


def install(layout: Layout, package_set: str) -> None:
    """Make or mend `.venv` and fill it; only a complete installation leaves a stamp that says so."""
    began = time.monotonic()
    former = whole_stamp(layout)
    if former is None:
        clear(layout)
    print(f"Setting Abby up in {layout.venv} (once; about a minute)...", flush=True)
    write_stamp(layout, {INSTALLING: package_set})
    try:
        if former is None:
            make_venv(layout)
        lock = layout.lock_file(package_set)
        pip(layout, ["--require-hashes", "--retries", str(PIP_RETRIES), "-r", str(lock)], count_packages(lock))
        pip(layout, ["--no-deps", "--no-index", "--no-build-isolation", "--editable", str(layout.root)], 0)
        keep_bytecode(layout)
    except SetupFailed:
        if former is not None:
            write_stamp(layout, former)  # pip refused before it changed anything: what is there is old, but whole
        raise
    sets = ("runtime", "dev") if package_set == "dev" else ("runtime",)
    write_stamp(layout, {name: layout.digest(name) for name in sets})
    print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


def whole_stamp(layout: Layout) -> dict[str, str] | None:
    """The stamp of a `.venv` that can be installed into (empty: made by hand), None where none can."""
    stamp = read_stamp(layout)
    fits = layout.python.exists() and venv_version(layout) == PYTHON_VERSION
    return stamp if fits and INSTALLING not in stamp else None


def clear(layout: Layout) -> None:
    """Leave an empty `.venv`; one that launch.py did not make is not thrown away."""
    if layout.venv.exists():
        if not read_stamp(layout) and any(layout.venv.iterdir()):
            raise SetupFailed(
                f"the folder {layout.venv} was not made by launch.py and does not fit Python {PYTHON_VERSION}; "
                "move it away and start again"
            )
        shutil.rmtree(layout.venv)
    layout.venv.mkdir()


def venv_version(layout: Layout) -> str:
    """Major and minor version of the Python that `.venv` was made with, or an empty string."""
    try:
        text = (layout.venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r"^version\s*=\s*(\d+\.\d+)", text, re.MULTILINE)
    return found.group(1) if found else ""


def make_venv(layout: Layout, find: Callable[[str], object] = importlib.util.find_spec) -> None:
    """Put a Python with pip into `.venv`, or say which part of this Python is missing for that."""
    for module in ("venv", "ensurepip"):
        if find(module) is None:
            raise SetupFailed(
                f"this Python comes without its `{module}` module; install it (Debian and Ubuntu: sudo apt install "
                "python3-venv) and start again"
            )
    import venv

    try:
        venv.EnvBuilder(with_pip=True, symlinks=not layout.windows).create(layout.venv)
    except subprocess.CalledProcessError as error:
        raise SetupFailed(
            f"this Python cannot make a virtual environment ({error}); reinstall Python with its `ensurepip` module "
            "and start again"
        ) from error


def keep_bytecode(layout: Layout) -> None:
    """Compile the product once, as pip does with what it installs elsewhere: where Python keeps no bytecode by itself,
    each start would take a fifth of a second for it. Where it cannot be written, each start does.
    """
    parts = [str(layout.root / part) for part in ("adapters", "domain", "projections")]
    subprocess.run(
        [str(layout.python), "-m", "compileall", "-q", *parts],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def count_packages(lock: Path) -> int:
    """How many packages a lock names, for the progress that is shown."""
    return len(re.findall(r"^[A-Za-z0-9][^\s]*==", lock.read_text(encoding="utf-8"), re.MULTILINE))


def pip(layout: Layout, arguments: list[str], packages: int) -> None:
    """Run pip of the folder; all it says goes to a file there, and a count of the packages to the terminal."""
    process = subprocess.Popen(
        [str(layout.python), "-P", "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONIOENCODING="utf-8"),
        encoding="utf-8",
        errors="replace",
    )
    record = layout.venv / "abby-setup.log"
    last_lines: collections.deque[str] = collections.deque(maxlen=KEPT_PIP_LINES)
    with process, record.open("a", encoding="utf-8") as record_file:
        assert process.stdout is not None
        for line in counted(process.stdout, packages):
            record_file.write(line)
            last_lines.append(line)
    if process.returncode != 0:
        raise SetupFailed(explain(list(last_lines), Path(arguments[-1]).name, record))


def counted(lines: Iterable[str], packages: int) -> Iterator[str]:
    """The lines as they come; a terminal meanwhile sees which package is being fetched."""
    seen = 0
    show = sys.stdout.isatty() and packages > 0
    for line in lines:
        if show and line.startswith("Collecting "):
            seen += 1
            print(f"\r  {min(seen, packages)} of {packages} packages", end="", flush=True)
        yield line
    if show and seen:
        print(flush=True)


def explain(lines: list[str], wanted: str, record: Path) -> str:
    """What pip's last lines mean, as one sentence."""
    text = "".join(lines)
    for pattern, sentence in PIP_FAILURES.items():
        if re.search(pattern, text):
            return sentence
    errors = [line.strip() for line in lines if line.startswith("ERROR:")] or [line.strip() for line in lines[-1:]]
    return f"pip could not install {wanted} ({' '.join(errors)[:300]}); all it said is in {record}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
