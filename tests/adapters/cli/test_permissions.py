"""Who else on the machine may use what the program writes: nobody, or the group's members that were let in; what stands
open already is told with the command that mends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from adapters.application.exposure import exposure_of
from adapters.disk.files import Files
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import PROJECT, environment, write_env_file

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes"),
    pytest.mark.xdist_group("permissions"),  # the flows are carried out once
]

OWN = os.geteuid() if os.name == "posix" else 0
NOBODY = 65534
ACCOUNTS = {"own": OWN, "other": NOBODY}
UMASKS = ("000", "022", "077")
STOOD = {"root/images/users/eve/": "777", "root/images/users/eve/in-place.png": "666"}
"""What was there before, and was adopted at its place."""
SECRETS = (
    *("root/logs/.key", "root/logs/pending/", "root/logs/pending/1.json", "root/logs/discord.json"),
    *("salvaged/logs/.key", "backup/log/logs/.key", "restored/logs/.key"),
)
MADE = (
    *("root/", "root/logs/", "root/logs/events.jsonl", "root/logs/head", "root/logs/.lock", "root/logs/.spare"),
    *("root/images/users/ada/a.png", "root/images/users/ada/k/b.png", "root/images/.staged/", "root/temp/ada/t.png"),
    *("root/images/users/ada/.details/a.png~.json", "root/images/users/eve/old.png"),
    *("root/logs/snapshots/", "salvaged/", "salvaged/logs/events.jsonl"),
    *("backup/", "backup/backup.json", "backup/files/", "backup/log/logs/events.jsonl", "exported/ada-1.zip"),
    *("restored/", "restored/images/users/ada/a.png", "restored/images/users/ada/.details/a.png~.json"),
    *("salvaged/not-salvaged.jsonl", ".root.abby-log", *SECRETS),
)
"""What the flows leave at least: one of each kind of file."""


class Case(NamedTuple):
    """Who carries the flows out, and how the process was started."""

    account: str
    umask: str
    group_access: str

    def words(self) -> str:
        """As the program of the flows takes it."""
        return f"{'-'.join(self)} {self.umask} {ACCOUNTS[self.account]} {self.group_access}"


CASES = [
    *(Case(account, umask, "none") for account, umask in product(ACCOUNTS, UMASKS)),
    *(Case("own", umask, "read") for umask in ("000", "077")),
]


@pytest.fixture(scope="module")
def found() -> Iterator[dict[Case, dict[str, str]]]:
    """The modes after all flows, by case; another account's only where this one may become it."""
    cases = [case for case in CASES if case.account == "own" or OWN == 0]
    with TemporaryDirectory(prefix="abby-modes-") as folder:
        Path(folder).chmod(0o755)  # another account must come through
        done = subprocess.run(
            [sys.executable, "-m", "tests.adapters.cli.every_flow", folder, *(case.words() for case in cases)],
            env=environment(PYTHONDONTWRITEBYTECODE="1"),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield dict(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_after_every_flow_others_may_use_nothing(found: dict[Case, dict[str, str]], case: Case) -> None:
    """Folders are 700 and files 600 under any umask, as root and as another account; 750 and 640 where the group is let
    in, but for what holds secrets. What stood already is as it was.
    """
    if case not in found:
        pytest.skip("only root can become another account")
    modes = {name: mode for name, mode in found[case].items() if not name.startswith("own/")}
    missing = set(MADE) - set(modes)
    assert not missing
    folder, file = ("750", "640") if case.group_access == "read" else ("700", "600")
    wanted = {
        name: ("700" if name in SECRETS else folder) if name.endswith("/") else "600" if name in SECRETS else file
        for name in modes
    }
    assert modes == wanted | STOOD


@pytest.mark.parametrize("umask", UMASKS)
def test_a_copy_that_somebody_names_is_theirs(found: dict[Case, dict[str, str]], umask: str) -> None:
    """`--out` writes as any program of that person does."""
    assert found[Case("own", umask, "none")]["own/x.png"] == f"{0o666 & ~int(umask, 8):03o}"


def test_what_stands_open_is_told_with_what_mends_it(abby: Abby, root: Path, tmp_path: Path) -> None:
    """Doctor names the root, folders and files; the command it names is carried out, and then it is silent."""
    env_file = write_env_file(tmp_path / "own.env", OPENAI_API_KEY="sk-secret")
    env_file.chmod(0o600)
    images = tmp_path / "disk"
    images.mkdir(mode=0o755)
    root.mkdir(mode=0o700)
    (root / "images").symlink_to(images)
    abby("generate", "--user", "ada", "a red fox", "--width", "64", "--height", "64", env_file=env_file)

    def told(check: str) -> tuple[str, str] | None:
        checks = abby("doctor", "--json", env_file=env_file).json["checks"]
        return next(
            ((each["level"], each["found"] + each["advice"]) for each in checks if each["check"] == check), None
        )

    def mended(check: str) -> str:
        finding = told(check)
        assert finding is not None
        level, words = finding
        assert level == "WARN"
        command = words.split("`")[1]
        assert command.startswith("chmod ")
        subprocess.run(command, shell=True, check=True)
        return words

    assert "disk" not in mended("others").split("`")[0]
    assert images.stat().st_mode & 0o777 == 0o700
    assert told("others") is None
    files = Files()
    for path in (root, *root.rglob("*"), *images.rglob("*")):
        allowed = path.stat().st_mode
        path.chmod(allowed | 0o004)
        exposure = exposure_of(root, files)
        assert exposure is not None
        assert "may use 1 of " in exposure.found
        path.chmod(allowed)
    assert exposure_of(root, files) is None
    env_file.chmod(0o644)
    assert str(env_file) in mended("settings")
    settings = told("settings")
    assert settings is not None
    assert settings[0] == "OK"


@pytest.mark.parametrize(
    ("mode", "secret", "told"),
    [
        (0o600, True, None),
        (0o644, True, "read the secrets in"),
        (0o640, True, "read the secrets in"),
        (0o644, False, None),
        (0o664, False, "change"),
        (0o602, True, "change"),
    ],
)
def test_a_file_of_settings_is_judged_by_what_stands_in_it(
    abby: Abby, tmp_path: Path, mode: int, secret: bool, told: str | None
) -> None:
    """Who may read it matters where there are secrets in it; who may write it decides everything, always."""
    file = write_env_file(tmp_path / "judged.env", **({"DISCORD_TOKEN": "x"} if secret else {}))
    file.chmod(mode)
    checks = abby("doctor", "--json", env_file=file).json["checks"]
    found = next(each["found"] for each in checks if each["check"] == "settings")
    assert (told is None) == (str(file) not in found)
    assert told is None or f"may {told} {file}" in found


@pytest.mark.parametrize(("mode", "access", "then"), [(0o755, "none", 0o700), (0o2775, "read", 0o2750)])
def test_a_checkouts_own_folder_is_closed_by_its_first_start(
    abby: Abby, root: Path, tmp_path: Path, mode: int, access: str, then: int
) -> None:
    """It is empty but for what keeps it in git, so nobody is told to mend what a newcomer did not make."""
    root.mkdir()
    (root / ".gitkeep").touch(0o644)
    root.chmod(mode)
    env_file = write_env_file(tmp_path / "own.env", STORAGE_GROUP_ACCESS=access)
    assert not [
        each for each in abby("doctor", "--json", env_file=env_file).json["checks"] if "chmod" in each["advice"]
    ]
    abby("generate", "--user", "ada", "a red fox", "--width", "64", "--height", "64", env_file=env_file)
    assert root.stat().st_mode & 0o7777 == then
    checks = abby("doctor", "--json", env_file=env_file).json["checks"]
    assert not [each for each in checks if each["check"] == "others" and each["level"] != "OK"]


def test_nobody_is_told_to_change_a_device(abby: Abby) -> None:
    """/dev/null in place of a file of settings is everybody's, as it must be."""
    checks = abby("doctor", "--json", env_file=Path(os.devnull)).json["checks"]
    assert "chmod" not in next(f"{each['found']} {each['advice']}" for each in checks if each["check"] == "settings")
