"""launch.py: what it installs, when it does not, what it says when it cannot; signals and exit codes pass through.

The set-up runs for real, against a small project whose one package and whose build are made here, so that no network is
needed. What only Windows does runs through substitutes: no test here has seen a Windows machine.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
import types
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import launch

SOURCE = Path(launch.__file__)
DEADLINE_SECONDS = 60.0

BACKEND = """
import os, pathlib, time, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    deadline = time.monotonic() + 30
    while pathlib.Path("slow").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    name = "abby_ledger-0-py3-none-any.whl"
    info = "abby_ledger-0.dist-info/"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.write("program.py", "program.py")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: abby-ledger\\nVersion: 0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\nabby = program:main\\n")
        wheel.writestr(info + "RECORD", "program.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n"
                       + info + "entry_points.txt,,\\n" + info + "RECORD,,\\n")
    return name
"""

PROGRAM = """
import signal, sys, time

def main():
    import thing
    print("thing", thing.VERSION, "words", sys.argv[1:], flush=True)
    if sys.argv[1:] == ["wait"]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
        print("ready", flush=True)
        time.sleep(30)
    return int(sys.argv[2]) if sys.argv[1] == "exit" else 0
"""


@dataclass(frozen=True)
class Project:
    """A small project with the real launch.py, a package index of one folder, and nothing else to install."""

    root: Path

    def lock(self, version: str, *, digest: str | None = None) -> None:
        """Make the package in this version and name it in the locks."""
        wheel = self.root / "wheels" / f"thing-{version}-py3-none-any.whl"
        wheel.parent.mkdir(exist_ok=True)
        info = f"thing-{version}.dist-info/"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("thing.py", f"VERSION = {version!r}\n")
            archive.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
            archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(info + "RECORD", f"thing.py,,\n{info}METADATA,,\n{info}WHEEL,,\n{info}RECORD,,\n")
        found = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.root / name).write_text(f"thing=={version} --hash=sha256:{found}\n")

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start launch.py as a person does, with the folder of wheels as the only index unless told otherwise."""
        index = environment or {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (self.root / "wheels").as_uri()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return subprocess.Popen(
            [sys.executable, str(self.root / "launch.py"), *words],
            env={**clean, "PIP_CONFIG_FILE": os.devnull, **index},
            cwd=self.root.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """Start launch.py and wait: exit code, standard output, standard error."""
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=DEADLINE_SECONDS)
        return process.returncode, out, err

    @property
    def layout(self) -> launch.Layout:
        """Where launch.py puts things here."""
        return launch.Layout(self.root, windows=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for the module, because making a `.venv` takes seconds; its path holds a space on purpose."""
    root = tmp_path_factory.mktemp("launch") / "my abby"
    root.mkdir()
    (root / "launch.py").write_bytes(SOURCE.read_bytes())
    (root / "backend.py").write_text(BACKEND)
    (root / "program.py").write_text(PROGRAM)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "abby-ledger"\nversion = "0"\n'
    )
    made = Project(root)
    made.lock("1.0")
    code, _out, err = made.run("exit", "0")
    assert code == 0, err
    return made


posix_only = pytest.mark.skipif(os.name == "nt", reason="the project of these tests is laid out for POSIX")
real_set_up = [posix_only, pytest.mark.xdist_group("launch")]


def wait_for(condition: Callable[[], bool]) -> None:
    """Look every 20 ms, for a bounded time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


class TestRealSetUp:
    """The whole way: a `.venv` is made, pip runs, and the program starts."""

    pytestmark = real_set_up

    def test_words_and_exit_code_pass_through_and_a_second_start_installs_nothing(self, project: Project) -> None:
        """The second start neither speaks of a set-up nor needs an index."""
        before = project.layout.stamp.stat().st_mtime_ns
        code, out, err = project.run("exit", "7", PIP_NO_INDEX="1")
        assert (code, out, err) == (7, "thing 1.0 words ['exit', '7']\n", "")
        assert project.layout.stamp.stat().st_mtime_ns == before

    def test_without_words_it_serves(self, project: Project) -> None:
        """`python3 launch.py` is `abby serve`."""
        assert project.run()[:2] == (0, "thing 1.0 words ['serve']\n")

    def test_a_changed_lock_is_installed(self, project: Project) -> None:
        """The program that starts next sees the package that the lock names now."""
        project.lock("2.0")
        code, out, _err = project.run("exit", "0")
        assert code == 0
        assert out.endswith("thing 2.0 words ['exit', '0']\n")
        assert "Set up in" in out

    def test_an_installation_cut_short_is_made_anew(self, project: Project) -> None:
        """SIGKILL in the middle of pip: the next start throws the half-made folder away and works."""
        project.lock("3.0")
        (project.root / "slow").touch()
        process = project.start("exit", "0")
        wait_for(lambda: launch.INSTALLING in launch.read_stamp(project.layout))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_SECONDS)
        (project.root / "slow").unlink()
        leftover = project.layout.venv / "half-written"
        leftover.touch()
        code, out, _err = project.run("exit", "0")
        assert code == 0
        assert "thing 3.0" in out
        assert not leftover.exists()

    def test_a_python_that_is_gone_is_made_anew(self, project: Project) -> None:
        """The system's Python was upgraded away under the folder."""
        project.layout.python.unlink()
        code, out, _err = project.run("exit", "0")
        assert code == 0
        assert "Set up in" in out

    def test_a_signal_reaches_the_program_itself(self, project: Project) -> None:
        """SIGTERM to launch.py's process id is handled by the program, whose exit code is the answer."""
        process = project.start("wait")
        assert process.stdout is not None
        assert process.stdout.readline().startswith("thing")
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 5

    def test_no_network_is_one_sentence_and_spoils_nothing(self, project: Project) -> None:
        """An index that cannot be reached; with the former lock back, the former installation still starts."""
        former = (project.root / "requirements.lock").read_text()
        (project.root / "requirements.lock").write_text("other==9 --hash=sha256:" + "0" * 64 + "\n")
        code, _out, err = project.run("exit", "0", PIP_INDEX_URL="http://127.0.0.1:9/simple", no_proxy="*")
        assert code == 1
        assert err.startswith("abby: the package index cannot be reached; connect to a network")
        assert err.count("\n") == 1
        (project.root / "requirements.lock").write_text(former)
        code, out, _err = project.run("exit", "0", PIP_NO_INDEX="1")
        assert code == 0
        assert "Set up" not in out

    def test_a_package_with_another_hash_is_refused(self, project: Project) -> None:
        """What was downloaded is not what the lock names: nothing of it is installed."""
        project.lock("4.0", digest="0" * 64)
        code, _out, err = project.run("exit", "0")
        assert code == 1
        assert err.startswith("abby: a downloaded package is not the one that the requirements file names")

    def test_a_package_without_a_hash_is_refused(self, project: Project) -> None:
        """Even where no other package has one. The version is a new one: what is installed already needs no hash."""
        project.lock("7.0")
        for name in ("requirements.lock", "requirements-dev.lock"):
            (project.root / name).write_text("thing==7.0\n")
        code, _out, err = project.run("exit", "0")
        assert code == 1
        assert err.startswith("abby: pip could not install requirements.lock (ERROR: Hashes are required")

    def test_the_tests_run_in_the_project_with_what_they_need(self, project: Project) -> None:
        """`test` installs the other lock and starts pytest, which this small project does not have."""
        project.lock("5.0")
        code, out, err = project.run("test", "-q")
        assert code == 1
        assert "Set up in" in out
        assert "No module named pytest" in err
        assert set(launch.read_stamp(project.layout)) == {"runtime", "dev"}
        assert "Set up" not in project.run("exit", "0")[1]


class TestCommand:
    """Which program the words name, on both kinds of system."""

    @pytest.mark.parametrize(
        ("windows", "words", "ending"),
        [
            (False, [], ["bin/python", "bin/abby", "serve"]),
            (False, ["status", "42"], ["bin/python", "bin/abby", "status", "42"]),
            (True, [], ["Scripts/abby.exe", "serve"]),
            (False, ["test", "-k", "x"], ["bin/python", "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-k", "x"]),
            (True, ["test"], ["Scripts/python.exe", "-m", "pytest", "-n", "2", "--dist", "loadgroup"]),
        ],
    )
    def test_words_name_the_program(self, tmp_path: Path, windows: bool, words: list[str], ending: list[str]) -> None:
        """Programs are in `bin`, or in `Scripts` with `.exe`."""
        venv = (tmp_path / ".venv").as_posix() + "/"
        found = [
            part.replace("\\", "/").replace(venv, "")
            for part in launch.command(launch.Layout(tmp_path, windows), words)
        ]
        assert found == ending

    def test_windows_waits_and_passes_the_exit_code_on(self) -> None:
        """Windows cannot replace a process: the child's exit code is returned, and Ctrl+C is left to the child."""
        former = signal.getsignal(signal.SIGINT)
        try:
            assert launch.start([sys.executable, "-c", "raise SystemExit(9)"], windows=True, folder=None) == 9
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, former)


class TestRefusals:
    """One clear sentence each."""

    @pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13), (2, 7, 18)])
    def test_an_old_python_is_told_which_one_is_needed(self, version: tuple[int, int, int]) -> None:
        """The real file, run by a Python that says it is older."""
        pretend = f"import sys; sys.version_info = {version}; exec(open({str(SOURCE)!r}).read())"
        done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith(f"abby: this is Python {version[0]}.{version[1]}, and Abby needs 3.11 or newer;")
        assert done.stderr.count("\n") == 1

    def test_an_old_python_can_read_the_file_so_far(self) -> None:
        """No syntax newer than 3.6, anywhere: a file is read whole before its first line runs."""
        ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
        assert "from __future__ import annotations" not in SOURCE.read_text(encoding="utf-8")

    @pytest.mark.parametrize("missing", ["venv", "ensurepip"])
    def test_a_python_without_its_modules_is_told_how_to_get_them(self, tmp_path: Path, missing: str) -> None:
        """Debian leaves these out until python3-venv is installed."""
        layout = launch.Layout(tmp_path, windows=False)
        with pytest.raises(launch.SetupFailed, match=rf"without its `{missing}` module.*apt install python3-venv"):
            launch.make_venv(layout, find=lambda name: None if name == missing else object())

    def test_a_folder_of_somebody_else_is_not_thrown_away(self, tmp_path: Path) -> None:
        """A `.venv` without our stamp, and unusable: refused, and still there."""
        layout = launch.Layout(tmp_path, windows=False)
        layout.venv.mkdir()
        kept = layout.venv / "mine.txt"
        kept.touch()
        with pytest.raises(launch.SetupFailed, match=r"was not made by launch\.py"):
            launch.clear(layout)
        assert kept.exists()

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("WARNING: Retrying (Retry(total=1...)) after connection broken\n", "cannot be reached"),
            ("ERROR: Could not install: [Errno 28] No space left on device\n", "the disk is full"),
            ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]\nRetrying (Retry", "PIP_CERT"),
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n", "nothing of it was used"),
            (
                "building\nERROR: no compiler\n",
                r"pip could not install x.lock \(ERROR: no compiler\); all it said is in .*log",
            ),
            ("", r"pip could not install x.lock \(\)"),
        ],
    )
    def test_what_pip_says_is_told_as_one_sentence(self, said: str, meant: str) -> None:
        """Each row of the table, and what fits none."""
        sentence = launch.explain(said.splitlines(keepends=True), "x.lock", Path("setup.log"))
        assert re.search(meant, sentence)
        assert "\n" not in sentence

    def test_a_folder_that_cannot_be_written_is_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The requirements are not there at all: no traceback."""
        monkeypatch.setattr(launch, "ROOT", tmp_path / "gone")
        assert launch.main([]) == 1
        assert capsys.readouterr().err.startswith(f"abby: the set-up in {tmp_path / 'gone' / '.venv'} failed (")

    def test_ctrl_c_during_the_set_up_is_a_sentence(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """130, as shells say it, and what comes next."""

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(launch, "set_up", interrupted)
        assert launch.main([]) == 130
        assert capsys.readouterr().err == "abby: stopped during the set-up; the next start makes it good.\n"


class TestOnlyOne:
    """Two starts at once do not install over each other."""

    @pytest.fixture
    def held(self, tmp_path: Path) -> Iterator[Path]:
        """A folder whose set-up another launch.py holds."""
        with launch.only_one(launch.Layout(tmp_path, windows=False)):
            yield tmp_path

    @posix_only
    def test_the_second_waits_for_a_bounded_time(
        self, held: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It says that it waits, and gives up with a sentence."""
        monkeypatch.setattr(launch, "WAIT_FOR_OTHER_SETUP_SECONDS", 0.3)
        second = launch.only_one(launch.Layout(held, windows=False))
        with pytest.raises(launch.SetupFailed, match="for too long"):
            second.__enter__()
        assert "waiting for it" in capsys.readouterr().out

    @posix_only
    @pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
    def test_a_file_system_without_locks_keeps_nobody_waiting(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        """As a network share may answer: no other launch.py holds it, so none is waited for."""

        def flock(_descriptor: int, _mode: int) -> None:
            raise OSError(number, os.strerror(number))

        substitute = types.ModuleType("fcntl")
        vars(substitute).update(flock=flock, LOCK_EX=2, LOCK_NB=4)
        monkeypatch.setitem(sys.modules, "fcntl", substitute)
        with launch.only_one(launch.Layout(tmp_path, windows=False)):
            pass

    @pytest.mark.parametrize("free", [True, False])
    def test_windows_locks_one_byte(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: bool) -> None:
        """The Windows call, through a substitute for its module."""
        calls: list[tuple[int, int]] = []

        def locking(_descriptor: int, mode: int, count: int) -> None:
            calls.append((mode, count))
            if not free:
                raise OSError

        substitute = types.ModuleType("msvcrt")
        vars(substitute).update(locking=locking, LK_NBLCK=2)
        monkeypatch.setitem(sys.modules, "msvcrt", substitute)
        monkeypatch.setattr(sys, "platform", "win32")
        with (tmp_path / "lock").open("ab") as handle:
            assert launch.try_lock(handle.fileno()) is free
        assert calls == [(2, 1)]


class TestStamp:
    """What makes an installation stale, and what does not."""

    @pytest.fixture
    def layout(self, tmp_path: Path) -> launch.Layout:
        """A folder with all that a digest is made of."""
        for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            (tmp_path / name).write_text(name)
        layout = launch.Layout(tmp_path, windows=False)
        layout.python.parent.mkdir(parents=True)
        layout.python.touch()
        launch.write_stamp(layout, {"runtime": layout.digest("runtime"), "dev": layout.digest("dev")})
        return layout

    def test_nothing_changed_is_current(self, layout: launch.Layout) -> None:
        """Both sets, and no file is touched."""
        assert launch.is_current(layout, "runtime")
        assert launch.is_current(layout, "dev")

    @pytest.mark.parametrize(
        ("name", "runtime", "dev"),
        [
            ("requirements.lock", False, True),
            ("requirements-dev.lock", True, False),
            ("pyproject.toml", False, False),
        ],
    )
    def test_a_changed_file_makes_its_sets_stale(
        self, layout: launch.Layout, name: str, runtime: bool, dev: bool
    ) -> None:
        """Which set reads which file."""
        (layout.root / name).write_text("changed")
        assert (launch.is_current(layout, "runtime"), launch.is_current(layout, "dev")) == (runtime, dev)

    def test_another_python_makes_it_stale(self, layout: launch.Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        """Packages are installed for one minor version."""
        monkeypatch.setattr(launch, "PYTHON_VERSION", "3.99")
        assert not launch.is_current(layout, "runtime")

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"installing": "runtime"}'])
    def test_a_stamp_that_says_nothing_whole_is_stale(self, layout: launch.Layout, content: str) -> None:
        """Cut, foreign, or of an installation that did not end."""
        layout.stamp.write_text(content)
        assert not launch.is_current(layout, "runtime")
        assert isinstance(launch.read_stamp(layout), dict)


def test_a_terminal_sees_how_many_packages_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The count goes up to the number of packages and never beyond it; the lines pass unchanged."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = ["Collecting a\n", "Downloading a\n", "Collecting b\n", "Collecting c\n"]
    assert list(launch.counted(lines, 2)) == lines
    assert capsys.readouterr().out == "\r  1 of 2 packages\r  2 of 2 packages\r  2 of 2 packages\n"
