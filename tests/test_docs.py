"""The documents are true: their examples run, and they name every command and setting that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from discord import Permissions

from adapters.cli import app
from adapters.disk.file_systems import Weakness, weakness_of
from adapters.settings.config import SECTIONS
from adapters.wording.refusals import SENTENCES
from domain.refusals import Reason, Refusal

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
SETTINGS_TABLE = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
STORAGE = (PROJECT / "docs" / "storage.md").read_text(encoding="utf-8")
SETTINGS = sorted(name for section in SECTIONS.values() for name in section.settings())
EXAMPLES = [
    pytest.param(example, id=f"{name}-{index}")
    for name, text in (("readme", README), ("storage", STORAGE))
    for index, example in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE), 1)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_in_an_empty_folder(example: str, tmp_path: Path) -> None:
    """Each example ends without an error, where `picture.png` is all there is."""
    shutil.copy(PROJECT / "tests" / "samples" / "drawing.png", tmp_path / "picture.png")
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    paths = [str(PROJECT), str(PROJECT / "adapters" / "compat")]
    runner = f"import sys, runpy; sys.path[:0] = {paths!r}; runpy.run_path('example.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", runner], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "False Error" not in done.stdout, done.stdout


def test_there_are_examples() -> None:
    """The expression that finds examples finds them, so that the test above cannot pass by testing nothing."""
    assert len(EXAMPLES) >= 6


def test_the_example_of_saving_meets_the_daily_limit(tmp_path: Path) -> None:
    """What the storage document promises in a comment is what happens."""
    example = next(example for example in EXAMPLES if "range(5)" in str(example.values[0]))
    shutil.copy(PROJECT / "tests" / "samples" / "drawing.png", tmp_path / "picture.png")
    done = subprocess.run(
        [sys.executable, "-c", str(example.values[0])],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "False Daily limit reached: 5 of 5" in done.stdout, done.stderr


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_is_documented(setting: str) -> None:
    """Each setting is in the table of settings and in `.env.example`."""
    assert f"`{setting}`" in SETTINGS_TABLE
    assert setting in (PROJECT / ".env.example").read_text(encoding="utf-8")


def test_every_command_is_in_the_table_and_the_other_way_round() -> None:
    """The table of commands names those that the command line has, and no other."""
    table = COMMANDS.split("| command | what it does |")[1].split("\n\n")[0]
    named = re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE)
    assert sorted(named) == sorted(app.COMMANDS)


def test_the_readme_begins_with_the_start_and_is_read_in_minutes() -> None:
    """900 words, tables and code among them, as a person reads them: without the addresses behind links."""
    assert README.split("```")[1].strip() == "python3 launch.py"
    shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", README)
    assert len(re.findall(r"[^\s|]+", shown)) <= 900


def test_every_command_that_the_readme_says_is_one() -> None:
    """What follows `launch.py` there is a command, `test`, or the help."""
    said = set(re.findall(r"launch\.py +(?:--root \S+ +)?([a-z-]+)", README)) - {"--help", "test"}
    assert said
    assert said <= set(app.COMMANDS)


def test_every_file_that_a_document_points_to_is_there() -> None:
    """No link and no picture of the documents leads nowhere."""
    for document in (PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        prose = re.sub(r"```.*?```|(?<!\[)`[^`\n]*`(?!\])", "", text, flags=re.DOTALL)
        for target, place in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", prose):
            there = document if target == "" else document.parent / target
            assert there.exists(), f"{document.name} points to {target}"
            if place and there.suffix == ".md":
                assert place in _places(there), f"{document.name} points to {target}#{place}"


def test_every_document_is_in_the_index_once() -> None:
    """By its reader; what lies in folders is named by its folder. Two say of themselves in their first line for whom
    they are, as their names do not.
    """
    docs = PROJECT / "docs"
    named = re.findall(r"\]\(([^)#]+)\)", (docs / "README.md").read_text(encoding="utf-8"))
    there = {path.name for path in docs.glob("*.md")} - {"README.md"}
    assert sorted(name for name in named if name.endswith(".md") and "/" not in name) == sorted(there)
    for name in ("performance.md", "evidence.md"):
        assert (docs / name).read_text(encoding="utf-8").splitlines()[2].startswith("For ")


def test_how_a_proxy_is_set_up_is_told_in_one_place() -> None:
    """Examples in two documents become two truths."""
    telling = {path.name for path in (PROJECT / "docs").glob("*.md") if "proxy_pass" in path.read_text("utf-8")}
    assert telling == {"http-access.md"}


def _places(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_refusal_has_a_sentence() -> None:
    """The table of sentences and the reasons agree, and no sentence is empty."""
    assert set(SENTENCES) == set(Reason)
    for reason, sentence in SENTENCES.items():
        assert sentence(
            Refusal(reason, "1", "detail", window="pool/month/credits", resets_at="2026-01-02T00:00:00.000000Z")
        )


def test_the_invitation_gives_the_permissions_that_it_names() -> None:
    """In threads too, where a picture that takes long arrives as an ordinary message."""
    text = (PROJECT / "docs" / "discord.md").read_text(encoding="utf-8")
    number, named = re.findall(r"&permissions=(\d+)`\.\s+The permissions are ([^.]*)\.", text)[0]
    names = [name.lower().replace(" ", "_").replace("channels", "channel") for name in re.split(", | and ", named)]
    assert int(number) == Permissions(**dict.fromkeys(names, True)).value
    assert "send_messages_in_threads" in names


@pytest.mark.parametrize(
    ("row", "names", "weakness"),
    [
        ("| FAT", "FAT, exFAT, ext2, UDF, fuseblk", Weakness.RENAME),
        ("| NFS", "NFS, 9p, sshfs", Weakness.NETWORK),
        ("| tmpfs", "tmpfs, ramfs, RAM disk", Weakness.MEMORY),
        ("one. So it is on", "ext4, xfs, btrfs, APFS, NTFS", None),
    ],
)
def test_the_file_systems_that_are_named_as_weaker_are_told_so(row: str, names: str, weakness: Weakness | None) -> None:
    """By `doctor` as by the document, and those that are named as good are not."""
    (line,) = (line for line in STORAGE.splitlines() if line.startswith(row))
    for name in names.split(", "):
        assert name in line
        assert weakness in (weakness_of(name), weakness_of(f"fuse.{name}")), name
