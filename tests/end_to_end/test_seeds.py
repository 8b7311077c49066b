"""The user's own examples: the test script, the start-up code and the patterns, as they stand in the documents.

`seeds/*.txt` are copied word for word. Patterns 3 and 4 do not run on the discord.py of today, which is shown here;
`pattern_3.txt` and `pattern_4.txt` are what the table of `docs/former-code.md` makes of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from abby_core.generation import ImageGenerator
from abby_core.storage import QuotaExceeded, StorageManager
from adapters.generation.sketch.provider import SketchProvider
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.hostile.builders import png, png_of_size

PROJECT = Path(__file__).parents[2]
SEEDS = Path(__file__).parent / "seeds"
USER, OWNER, STRANGER = 123456789, 1, 7


def seed(name: str) -> str:
    """The text of one example."""
    return (SEEDS / f"{name}.txt").read_text(encoding="utf-8")


class Ran(NamedTuple):
    """What a program printed, and what came on its standard error."""

    lines: list[str]
    errors: str


def ran(text: str, folder: Path, *flags: str, **settings: str) -> Ran:
    """Runs a text as a program started in a folder, with the offline provider; `flags` are the interpreter's."""
    former_paths = os.pathsep.join((str(PROJECT), str(PROJECT / "adapters" / "compat")))
    environment = {**os.environ, "PYTHONPATH": former_paths, "GENERATOR": "sketch", "PYTHONUTF8": "1", **settings}
    done = subprocess.run(
        [sys.executable, *flags, "-"], input=text, cwd=folder, env=environment, capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Ran(done.stdout.splitlines(), done.stderr)


def as_program(text: str, folder: Path, **settings: str) -> list[str]:
    """The lines that a program prints."""
    return ran(text, folder, **settings).lines


def as_handler(name: str) -> Callable[..., Awaitable[object]]:
    """A pattern as the body of a coroutine, which is how the documents mean it. Its names are the arguments."""
    body = textwrap.indent(seed(name), "    ")

    async def run(**names: object) -> object:
        scope: dict[str, Any] = {"discord": discord, "QuotaExceeded": QuotaExceeded, **names}
        exec(compile(f"async def pattern():\n{body}", name, "exec", dont_inherit=True), scope)
        return await scope["pattern"]()

    return run


class Followup:
    """Keeps what a bot sends."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.files: list[bytes] = []
        self.embeds: list[discord.Embed] = []

    async def send(
        self, text: str | None = None, *, file: discord.File | None = None, embed: discord.Embed | None = None
    ) -> None:
        """As `interaction.followup.send`."""
        self.texts += [text] if text else []
        self.embeds += [embed] if embed else []
        if file is not None:
            self.files.append(file.fp.read())
            file.close()


class Response:
    """Keeps that the bot asked for time."""

    deferred = False

    async def defer(self) -> None:
        """As `interaction.response.defer`."""
        self.deferred = True


class Interaction:
    """What the patterns use of a Discord interaction."""

    def __init__(self) -> None:
        self.user = discord.Object(USER)
        self.followup = Followup()
        self.response = Response()


@pytest.fixture
def interaction() -> Interaction:
    """One user's command."""
    return Interaction()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageManager]:
    """A manager with the usual limits."""
    with StorageManager(tmp_path) as manager:
        yield manager


@pytest.fixture
def generator() -> ImageGenerator:
    """The generator with the offline provider."""
    return ImageGenerator(provider=SketchProvider())


def test_the_test_script_runs_unchanged(tmp_path: Path) -> None:
    """In an empty folder; a second run finds what the first one kept."""
    for number in (1, 2):
        generate, save, quota, cleanup = as_program(seed("testing"), tmp_path)
        assert generate == "Generate: True"
        assert save == f"Save: True - {tmp_path / 'shared/images/users/999' / f'image_{number}.png'}"
        assert quota.startswith("Quota: 0.")
        assert cleanup == "Cleanup: 0 files, 0.00MB freed"
    assert_disk_and_log_agree(tmp_path / "shared")


def test_the_start_up_code_runs_unchanged(tmp_path: Path) -> None:
    """With the settings of the environment, in the names of the documents."""
    before = "class Bot: pass\nbot = Bot()\n"
    after = "print(bot.storage.get_quota_status('1')['daily']['limit'], bot.storage.storage_root)"
    (line,) = as_program(
        before + seed("initialize") + after, tmp_path, STORAGE_ROOT=str(tmp_path / "root"), MAX_USER_DAILY_GENS="9"
    )
    assert line == f"9 {tmp_path / 'root'}"


async def test_pattern_1_generates_and_shows(
    storage: StorageManager, generator: ImageGenerator, interaction: Interaction, tmp_path: Path
) -> None:
    """The picture that is sent is the one that is kept; one over the limit is refused in the bot's own words."""
    pattern = as_handler("pattern_1")
    storage.override_limits(str(USER), max_user_daily_gens=2)
    for number in range(3):
        await pattern(storage=storage, generator=generator, interaction=interaction, prompt=f"a cat {number}")
    kept = [(tmp_path / f"images/users/{USER}/image_{number}.png").read_bytes() for number in (1, 2)]
    assert interaction.followup.files == kept
    assert interaction.followup.texts == ["Daily limit reached!"]
    assert_disk_and_log_agree(tmp_path)


async def test_pattern_1_tells_of_each_failure(
    tmp_path: Path, generator: ImageGenerator, interaction: Interaction
) -> None:
    """A storage that is nearly full, a picture that cannot be made, one that does not fit."""
    pattern = as_handler("pattern_1")
    with StorageManager(tmp_path, max_user_storage_mb=0.001) as storage:
        await pattern(storage=storage, generator=generator, interaction=interaction, prompt="")
        await pattern(storage=storage, generator=generator, interaction=interaction, prompt="a cat")
        await storage.save_image(png_of_size(1_000), str(USER))
        await pattern(storage=storage, generator=generator, interaction=interaction, prompt="a cat")
    empty, full, nearly = interaction.followup.texts
    assert empty.startswith("❌ The prompt is empty.")
    assert full.startswith("❌ Your storage quota is full: ")
    assert nearly == "Storage quota nearly full!"
    assert interaction.followup.files == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_user_daily_gens": 1}, "Daily: 1/day"),
        ({"max_user_storage_mb": 0.001}, "User storage: 0.0MB used"),
        ({"max_global_storage_mb": 0.001}, "Server storage critical!"),
        ({}, None),
    ],
    ids=["a day", "a user", "the pool", "room"],
)
async def test_pattern_2_raises_what_is_used_up(tmp_path: Path, limits: dict[str, Any], message: str | None) -> None:
    """Every quota, in the order of the document; and nothing where there is room."""
    with StorageManager(tmp_path, **limits) as storage:
        await storage.save_image(png_of_size(1_040), str(USER))
        if message is None:
            await as_handler("pattern_2")(storage=storage, user_id=str(USER))
            return
        with pytest.raises(QuotaExceeded) as raised:
            await as_handler("pattern_2")(storage=storage, user_id=str(USER))
        assert str(raised.value) == message


async def test_pattern_3_as_written_is_refused_by_discord_itself(
    storage: StorageManager, interaction: Interaction
) -> None:
    """Its fields want names; nothing of ours can change that."""
    with pytest.raises(TypeError, match="positional argument"):
        await as_handler("pattern_3_as_written")(storage=storage, user_id=str(USER), interaction=interaction)


@pytest.mark.parametrize(
    ("size", "colour"),
    [(100, discord.Color.green()), (900, discord.Color.yellow()), (1_040, discord.Color.red())],
    ids=["OK", "WARNING", "CRITICAL"],
)
async def test_pattern_3_shows_the_quota(
    tmp_path: Path, interaction: Interaction, size: int, colour: discord.Color
) -> None:
    """Two fields, and the colour of the status."""
    with StorageManager(tmp_path, max_user_storage_mb=0.001) as storage:
        await storage.save_image(png_of_size(size), str(USER))
        await as_handler("pattern_3")(storage=storage, user_id=str(USER), interaction=interaction)
        percentage = storage.get_quota_status(str(USER))["user"]["percentage"]
    (embed,) = interaction.followup.embeds
    assert [(field.name, field.value) for field in embed.fields] == [
        ("💾 User Storage", f"0.0MB / 0.0MB ({percentage:.1f}%)"),
        ("📅 Daily Generations", "1/5"),
    ]
    assert embed.color == colour


# -- pattern 4: real commands and checks of discord.py, without a network --------------------------------


class Bot(commands.Bot):
    """A bot of discord.py that is not connected, and its storage."""

    def __init__(self, storage: StorageManager) -> None:
        super().__init__(command_prefix="!", intents=discord.Intents.none(), owner_id=OWNER)
        self.storage = storage


def command(name: str, bot: Bot) -> app_commands.Command[Any, ..., Any]:
    """The clean-up command of a text, as discord.py makes it."""
    scope: dict[str, Any] = {"discord": discord, "app_commands": app_commands, "commands": commands, "bot": bot}
    exec(compile(seed(name), name, "exec", dont_inherit=True), scope)
    made = scope["cleanup_storage"]
    assert isinstance(made, app_commands.Command)
    return made


def asked_by(user: int, bot: Bot) -> discord.Interaction[Bot]:
    """An interaction as Discord sends it, read by discord.py."""
    data: Any = {
        "id": "10", "application_id": "2", "type": 2, "token": "made up", "version": 1, "channel_id": "5",
        "user": {"id": str(user), "username": "somebody", "discriminator": "0", "avatar": None, "global_name": None},
        "data": {"id": "3", "name": "cleanup_storage", "type": 1}, "locale": "en-US", "entitlements": [],
        "authorizing_integration_owners": {}, "attachment_size_limit": 1,
    }  # fmt: skip
    return discord.Interaction(data=data, state=bot._connection)


async def may(user: int, made: app_commands.Command[Any, ..., Any], bot: Bot) -> bool:
    """Whether discord.py would carry the command out for this user, by its own checks."""
    return await made._check_can_run(asked_by(user, bot))


async def test_pattern_4_as_written_guards_nothing(storage: StorageManager) -> None:
    """`commands.is_owner()` is a check for other commands: a stranger may clean up."""
    async with Bot(storage) as bot:
        as_written = command("pattern_4_as_written", bot)
        assert as_written.checks == []
        assert await may(STRANGER, as_written, bot)


async def test_pattern_4_refuses_everybody_but_the_owner(storage: StorageManager, tmp_path: Path) -> None:
    """By an `app_commands` check: the command ends before it begins, and no file is touched."""
    async with Bot(storage) as bot:
        await storage.save_image(png(), str(USER), is_temp=True)
        before = (tmp_path / "logs" / "events.jsonl").read_bytes()
        guarded = command("pattern_4", bot)
        assert await may(OWNER, guarded, bot)
        assert not await may(STRANGER, guarded, bot)
        with pytest.raises(app_commands.CheckFailure):
            await guarded._invoke_with_namespace(
                asked_by(STRANGER, bot), app_commands.Namespace.__new__(app_commands.Namespace)
            )
        assert (tmp_path / "logs" / "events.jsonl").read_bytes() == before


async def test_pattern_4_cleans_up_and_tells(storage: StorageManager, interaction: Interaction) -> None:
    """What the owner is shown."""
    async with Bot(storage) as bot:
        await as_handler_of(command("pattern_4", bot), interaction)
    (embed,) = interaction.followup.embeds
    assert interaction.response.deferred
    assert [(field.name, field.value) for field in embed.fields] == [("Files Deleted", "0"), ("Space Freed", "0.00MB")]


async def as_handler_of(made: app_commands.Command[Any, ..., Any], interaction: Interaction) -> None:
    """Calls what the command calls once its checks have passed."""
    handler: Any = made.callback
    await handler(interaction)
