"""Configuration: order and origin of values, what each setting accepts, secrecy, and the names of the former API."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from pydantic import SecretStr, ValidationError

import adapters.settings.config
from adapters.generation.providers import PROVIDERS
from adapters.ports.faults import ConfigError
from adapters.settings.config import SECTIONS, ApiConfig, BotConfig, Config, StorageConfig, load_config
from adapters.settings.kinds import project_folder
from adapters.settings.sources import FORMER_NAMES, within_one_edit
from adapters.settings.storage_root import is_system_directory
from tests.hostile.rows import rows

SETTINGS = {name for section in SECTIONS.values() for name in section.settings()}
ROOT = Path(__file__).parents[3]
KEY = "sk-0123456789abcdefHIDDEN"

Load = Callable[..., Config]


def one_edit_of(name: str, letters: set[str]) -> set[str]:
    """Every name that one slip of the pen makes of this one."""
    at_each = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    put_in = {before + letter + after for before, after in at_each for letter in letters}
    left_out = {before + after[1:] for before, after in at_each}
    replaced = {before + letter + after[1:] for before, after in at_each[:-1] for letter in letters}
    swapped = {before + after[1::-1] + after[2:] for before, after in at_each}
    return (put_in | left_out | replaced | swapped) - {name}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's own."""
    for name in SETTINGS | set(FORMER_NAMES.values()):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load with a text of `.env`, variables of the environment and arguments."""

    def loaded(env_file: str = "", *, arguments: dict[str, object] | None = None, **environment: str) -> Config:
        path = tmp_path / ".env"
        path.write_text(env_file, encoding="utf-8")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_config(arguments, env_file=path)

    return loaded


class TestHostileRows:
    """Each row of the area, with the sentence that it gives; a new row without a case here fails."""

    SENTENCES = (
        ("IMAGE_GENERATION_SIZE_MB=1TB", "a whole number of MB from 1 to 100, the hard cap."),
        ("MAX_USER_STORAGE_MB=-1", "MAX_USER_STORAGE_MB=-1 (environment): it takes a whole number of MB from 0 to"),
        ("MAX_USER_STORAGE_MB=", "MAX_USER_STORAGE_MB= (environment): it takes a whole number"),
        ("STORAGE_ROOT=/proc/self", "it is a system directory; choose a folder of its own"),
        ("HTTP_PORT=0x50", "HTTP_PORT=0x50 (environment): it takes a decimal number from 1 to 65535"),
        ("STORAGE_ROOT=/", "it is a system directory; choose a folder of its own"),
    )

    @pytest.mark.skipif(os.name == "nt", reason="/proc is a system directory of POSIX")
    @pytest.mark.parametrize(("setting", "sentence"), SENTENCES)
    def test_a_bad_value_refuses_the_start_with_a_clear_sentence(self, load: Load, setting: str, sentence: str) -> None:
        """From the environment and from `.env` alike."""
        name, _, value = setting.partition("=")
        with pytest.raises(ConfigError) as refused:
            load(**{name: value})
        assert sentence in str(refused.value)
        assert refused.value.exit_code == 78
        os.environ.pop(name)
        with pytest.raises(ConfigError) as refused:
            load(setting)
        assert re.search(re.escape(sentence).replace(r"\(environment\)", r"\(.*\.env line 1\)"), str(refused.value))

    def test_two_sources_that_disagree_are_told_at_the_start(self, load: Load) -> None:
        """The stronger one holds, and the line that is printed says what the weaker one said."""
        config = load("MAX_USER_STORAGE_MB=700\nHTTP_PORT=1", MAX_USER_STORAGE_MB="300", arguments={"HTTP_PORT": 9000})
        assert config.storage.max_user_storage_mb == 300
        assert "MAX_USER_STORAGE_MB = 300 (environment; .env says 700)" in config.describe()
        assert "HTTP_PORT = 9000 (argument; .env says 1)" in config.describe()

    def test_every_row_has_its_test(self) -> None:
        """The log level's row is acted out with the logs, in test_logs.py."""
        elsewhere = {"two config sources disagree", "LOG_LEVEL=DEBUG"}
        assert {row.input for row in rows("config")} == {setting for setting, _ in self.SENTENCES} | elsewhere


class TestOrder:
    """Arguments, then the environment, then `.env`, then defaults; and each value knows where it comes from."""

    def test_the_strongest_place_holds_and_is_recorded(self, load: Load) -> None:
        """One setting for each place."""
        config = load(
            "MAX_USER_STORAGE_MB=1\nMAX_GLOBAL_STORAGE_MB=1\nHTTP_PORT=1",
            MAX_GLOBAL_STORAGE_MB="2",
            HTTP_PORT="2",
            arguments={"HTTP_PORT": 3, "HTTP_HOST": None},
        )
        found = {name: config.origin(name) for name in ("HTTP_PORT", "MAX_GLOBAL_STORAGE_MB", "MAX_USER_STORAGE_MB")}
        assert found == {
            "HTTP_PORT": "argument",
            "MAX_GLOBAL_STORAGE_MB": "environment",
            "MAX_USER_STORAGE_MB": ".env",
        }
        assert (config.http.port, config.storage.max_global_storage_mb, config.storage.max_user_storage_mb) == (3, 2, 1)
        assert (config.origin("HTTP_HOST"), config.origin("MAX_USER_DAILY_GENS")) == ("default", "default")

    def test_the_defaults_are_those_of_the_design(self, load: Load) -> None:
        """Every setting, by the attribute that the former API gives it."""
        config = load()
        storage = config.storage
        assert (storage.storage_root, storage.max_global_storage_mb, storage.max_user_storage_mb) == (
            ROOT / "shared",
            5000,
            500,
        )
        assert (storage.max_user_daily_gens, storage.cleanup_days, storage.image_gen_size_mb) == (5, 7, 1.5)
        assert (storage.image_generation_size_mb, storage.reservation_minutes, storage.moderated_free) == (
            20,
            15,
            False,
        )
        assert (config.api.stability_key, config.stability_api_key, config.discord.token) == (None, None, None)
        assert config.api.stability_api_host == "https://api.stability.ai"
        assert (config.http.host, config.http.port) == ("127.0.0.1", 8080)
        assert (config.generator, config.log_level, config.log_format) == ("auto", "INFO", "auto")
        assert config.log_keeper.module == "adapters.eventlog"
        assert {config.origin(name) for name in SETTINGS} == {"default"}

    def test_an_unknown_argument_is_a_bug_of_the_caller(self, load: Load) -> None:
        """Not of the person who sets variables."""
        with pytest.raises(TypeError, match="there is no setting PORT"):
            load(arguments={"PORT": 1})
        with pytest.raises(KeyError, match="there is no setting PORT"):
            load().origin("PORT")

    def test_a_file_written_by_a_windows_editor_is_read(self, load: Load) -> None:
        """A byte order mark, carriage returns and comments."""
        config = load("\ufeffMAX_USER_STORAGE_MB=5000   # per user\r\n# HTTP_HOST=x\r\n")
        assert (config.storage.max_user_storage_mb, config.http.port) == (5000, 8080)

    def test_the_former_name_of_the_cleanup_is_an_alias(self, load: Load) -> None:
        """The newer name wins in one place; a stronger place wins over both."""
        assert load("CLEANUP_DAYS=3").storage.cleanup_days == 3
        config = load("CLEANUP_DAYS=3\nSTORAGE_CLEANUP_DAYS=4")
        assert config.storage.cleanup_days == 4
        assert "STORAGE_CLEANUP_DAYS = 4 (.env; .env says 3)" in config.describe()
        assert load("STORAGE_CLEANUP_DAYS=4", CLEANUP_DAYS="2").storage.cleanup_days == 2

    def test_a_bad_value_is_named_as_it_was_written(self, load: Load) -> None:
        """The person looks for the name that stands in their file."""
        with pytest.raises(ConfigError, match=r"^CLEANUP_DAYS=x \(.*\.env line 1\): it takes a whole number of days"):
            load("CLEANUP_DAYS=x")


class TestValues:
    """What each setting accepts: one under, on, one over; and the look-alikes of a number."""

    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            ("MAX_GLOBAL_STORAGE_MB", ["0", "1000000000"], ["-1", "1000000001", "5GB", "5.5", "1_000", "٣", "1e3"]),
            ("MAX_USER_STORAGE_MB", ["0", "1000000000"], ["-1", "1000000001"]),
            ("MAX_USER_DAILY_GENS", ["0", "1000000"], ["-1", "1000001", "nan"]),
            ("STORAGE_CLEANUP_DAYS", ["0", "36500"], ["-1", "36501"]),
            ("IMAGE_GEN_SIZE_MB", ["0.001", "100", "1.5"], ["0", "-1", "100.1", "nan", "inf", "1e1", "1,5", ""]),
            ("IMAGE_GENERATION_SIZE_MB", ["1", "100"], ["0", "101"]),
            ("RESERVATION_MINUTES", ["1", "1440"], ["0", "1441"]),
            ("MODERATED_FREE", ["true", "false", "1", "no"], ["maybe", ""]),
            ("HTTP_PORT", ["0", "1", "65535"], ["-1", "65536", "80a", "http"]),
            ("HTTP_HOST", ["::1", "0.0.0.0", "localhost", "a.example"], ["http://x", "localhost:80", "", "a b", "-x"]),
            ("GENERATOR", ["auto", "Sketch", "STABILITY", "automatic1111", "openai"], ["midjourney", ""]),
            ("LOG_LEVEL", ["debug", "INFO", "Warning", "error"], ["loud", ""]),
            ("LOG_FORMAT", ["auto", "JSON", "pretty"], ["xml", ""]),
            ("PERSISTENCE_MODULE", ["eventsourcing.dcb.popo"], ["a-b", "", ".a", "a..b"]),
            ("DISCORD_OWNER", ["0", "9223372036854775807"], ["-1", "9223372036854775808", "@me", ""]),
            ("QUOTA_LINE_PUBLIC", ["true", "no"], ["perhaps"]),
            (
                "DISCORD_API_BASE",
                ["https://discord.com/api/v10", "http://127.0.0.1:9/api", "http://[::1]:9"],
                ["https://discord.example", "http://10.0.0.1", "http://localhost:9", "http://127.0.0.1.x.example", ""],
            ),
            (
                "DISCORD_GATEWAY_URL",
                ["wss://gateway.discord.gg/", "ws://127.0.0.1:9/gateway"],
                ["wss://gateway.discord.gg.example/", "ws://u@127.0.0.1", "ws://8.8.8.8", "127.0.0.1:9"],
            ),
            (
                "API_HOST",
                ["http://localhost:7860", "https://x.example/"],
                ["x.example", "ftp://x", "https://", "//x", "http://x:99999"],
            ),
        ],
    )
    def test_limits_of_a_setting(self, load: Load, name: str, good: list[str], bad: list[str]) -> None:
        """The bad ones are refused by name."""
        for value in good:
            assert load(**{name: value}).origin(name) == "environment"
        for value in bad:
            with pytest.raises(ConfigError, match=rf"^{name}="):
                load(**{name: value})

    def test_all_bad_values_are_named_at_once(self, load: Load) -> None:
        """One line each, so that a person mends them in one go."""
        with pytest.raises(ConfigError) as refused:
            load(HTTP_PORT="x", MAX_USER_STORAGE_MB="x", LOG_LEVEL="x", DISCORD_TOKEN="a b")
        assert [line.split(" ")[0].split("=")[0] for line in str(refused.value).splitlines()] == [
            "MAX_USER_STORAGE_MB",
            "DISCORD_TOKEN",
            "HTTP_PORT",
            "LOG_LEVEL",
        ]

    def test_a_name_that_nobody_knows_is_warned_about(self, load: Load, tmp_path: Path) -> None:
        """In `.env` each; in the environment one that is within one edit of ours, for the rest are others' business."""
        config = load("MAX_USER_STORAGE_BM=1\nSOMETHING_ELSE=2\n", HTTP_PROT="1", SOMETHING_OTHER="3")
        file = tmp_path / ".env"
        assert config.warnings == [
            "HTTP_PROT (environment) is not a setting and is ignored; did you mean HTTP_PORT?",
            f"MAX_USER_STORAGE_BM ({file} line 1) is not a setting and is ignored; did you mean MAX_USER_STORAGE_MB?",
            f"SOMETHING_ELSE ({file} line 2) is not a setting and is ignored.",
        ]
        assert config.http.port == 8080

    def test_lists_and_prices_are_shown_as_they_are_written(self, load: Load) -> None:
        """What a start prints can be copied into `.env`."""
        told = load("CREDITS_EACH=core=3, ultra=8.5\nIMAGE_URL_HOSTS=a.example, B.example\n").describe()
        assert "CREDITS_EACH = core=3,ultra=8.5 (.env)" in told
        assert "IMAGE_URL_HOSTS = a.example,b.example (.env)" in told

    def test_a_provider_that_there_is_not_is_answered_with_those_there_are(self, load: Load) -> None:
        """A slip of the pen is mended by reading the line; a new provider must be named in it."""
        with pytest.raises(ConfigError) as refused:
            load(GENERATOR="stabilty")
        told = str(refused.value)
        assert told.startswith("GENERATOR=stabilty (environment): there is no provider 'stabilty'")
        assert "did you mean stability?" in told
        assert all(name in told for name in ("auto", *PROVIDERS))

    @pytest.mark.parametrize(
        ("other", "near"),
        [("PORT", False), ("POT", True), ("PORTS", True), ("XPORT", True), ("PART", True), ("PROT", True),
         ("PORTSX", False), ("TROP", False), ("", False), ("ROPT", False)],
    )  # fmt: skip
    def test_one_edit_is_one_of_four(self, other: str, near: bool) -> None:
        """Left out, put in, replaced, swapped with its neighbour; two edits are too many, none is no mistake."""
        assert within_one_edit(other, "PORT") is near
        assert within_one_edit("PORT", other) is near

    @pytest.mark.parametrize("name", sorted(SETTINGS))
    def test_every_single_edit_of_a_setting_is_near_it(self, name: str) -> None:
        """At each place, with each of its own letters and one that it has not."""
        missed = [edited for edited in one_edit_of(name, {*name, "X", "_"}) if not within_one_edit(edited, name)]
        assert missed == []

    @pytest.mark.parametrize("name", sorted(SETTINGS))
    def test_names_that_are_not_near_a_setting_are_nobodys_business(self, name: str) -> None:
        """Two letters too many, too few or replaced, another setting, and what a machine has of its own."""
        twice = {
            two
            for at in range(len(name) - 1)
            for two in (
                *(name[:at] + "77" + name[at:], name[:at] + name[at + 2 :]),
                *("7" + name[1 : at + 1] + "7" + name[at + 2 :], "7" + name[:at] + "7" + name[at:]),
            )
        }
        others = {"PATH", "HOME", "HOSTNAME", "PORT", "HOST", "LANG", "TOKEN", "API_KEY", "", *SETTINGS} - {name}
        assert [other for other in sorted(twice | others) if within_one_edit(other, name)] == []


class TestFolder:
    """Where STORAGE_ROOT may lead."""

    def test_relative_roots_belong_to_the_project(
        self, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Wherever the process was started."""
        monkeypatch.chdir(tmp_path)
        assert load(STORAGE_ROOT="data/abby").storage.storage_root == ROOT / "data" / "abby"
        assert load(STORAGE_ROOT=str(tmp_path / "x")).storage.storage_root == tmp_path / "x"
        assert load(STORAGE_ROOT="~/abby").storage.storage_root == Path.home() / "abby"

    def test_variables_and_homes_are_filled_in_or_refused(self, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder named `$HOME` or `~nobody` is never meant; what cannot be filled in is a sentence, in quotes too."""
        monkeypatch.setenv("ABBY_DATA", str(Path.home()))
        for given in ("$ABBY_DATA/abby", "${ABBY_DATA}/abby", "'$ABBY_DATA/abby'", '"${ABBY_DATA}/abby"', "~/abby"):
            assert load(f"STORAGE_ROOT={given}").storage.storage_root == Path.home() / "abby"
        assert load(STORAGE_ROOT="${ABBY_DATA}/abby").storage.storage_root == Path.home() / "abby"
        monkeypatch.delenv("STORAGE_ROOT")
        for given in ("$NOT_THERE/abby", "'${NOT_THERE}/abby'", "%NOT_THERE%/abby", "x/$NOT_THERE"):
            with pytest.raises(
                ConfigError, match=r"line 1.*names a variable that is not set here; write the whole path"
            ):
                load(f"STORAGE_ROOT={given}")
        with pytest.raises(ConfigError, match=r"^STORAGE_ROOT=~nobody-of-that-name/x .* has no home folder here"):
            load("STORAGE_ROOT=~nobody-of-that-name/x")
        monkeypatch.setenv("HOME", str(Path.home() / "nothing"))
        monkeypatch.setenv("USERPROFILE", str(Path.home() / "nothing"))
        with pytest.raises(ConfigError, match="has no home folder here"):
            load(STORAGE_ROOT="~/abby")

    @pytest.mark.parametrize("given", ["$(pwd)/abby", "'$(pwd)/abby'", "`pwd`/abby", "x/`pwd`"])
    def test_a_command_in_a_folder_is_refused(self, load: Load, given: str) -> None:
        """No shell reads the settings, and a folder of that name is never meant."""
        with pytest.raises(ConfigError, match=r"line 1.*has a command for a shell, and none runs here"):
            load(f"STORAGE_ROOT={given}")

    @pytest.mark.parametrize("given", ["file:///srv/abby", "s3:/bucket/abby", "https://host.example/abby", "sftp:/x"])
    def test_an_address_in_place_of_a_folder_is_refused(self, load: Load, given: str) -> None:
        """It would become a folder `file:` in the project's; a drive of Windows is none."""
        with pytest.raises(ConfigError, match=r"line 1.*is an address, and images and log are kept in a folder"):
            load(f"STORAGE_ROOT={given}")

    @pytest.mark.skipif(os.name == "nt", reason="there it is a path like others")
    @pytest.mark.parametrize("given", ["C:/abby", r"d:\abby", r"\\server\abby"])
    def test_a_path_of_windows_is_refused_elsewhere(self, load: Load, given: str) -> None:
        """As in WSL or a container: it would become a folder `C:` in the project's."""
        with pytest.raises(ConfigError, match="it is a path of Windows"):
            load(STORAGE_ROOT=given)

    def test_the_env_file_of_the_project_is_found_from_anywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The project's folder is that of launch.py; an installed package has none, there it is where one stands."""
        monkeypatch.chdir(tmp_path)
        assert project_folder() == ROOT
        assert project_folder(tmp_path / "site-packages" / "adapters") == tmp_path
        monkeypatch.setattr("adapters.settings.sources.project_folder", lambda: tmp_path)
        (tmp_path / ".env").write_text("HTTP_PORT=7")
        assert BotConfig().http.port == 7

    def test_a_backslash_in_quotes_is_explained(self, load: Load) -> None:
        """In quotes, a backslash and a letter may be a tab; without quotes the same path is right."""
        with pytest.raises(ConfigError, match="leave out the quotes"):
            load('STORAGE_ROOT="C:\\opt\\tdos"')
        with pytest.raises(ConfigError, match=r"^STORAGE_ROOT= \(.*\.env line 1\): it takes a folder"):
            load("STORAGE_ROOT=")
        assert load("STORAGE_ROOT=opt\\tdos").storage.storage_root.name.endswith("tdos")

    @pytest.mark.skipif(os.name == "nt", reason="links to system directories of POSIX")
    def test_a_link_or_a_detour_into_the_system_is_refused(self, load: Load, tmp_path: Path) -> None:
        """Links and `..` are followed first; links in a circle are left to whoever opens the folder."""
        (tmp_path / "link").symlink_to("/etc")
        for path in (str(tmp_path / "link" / "abby"), "/opt/../usr/share", "/dev/shm/../../proc"):
            with pytest.raises(ConfigError, match="system directory"):
                load(STORAGE_ROOT=path)
        (tmp_path / "circle").symlink_to(tmp_path / "circle")
        assert load(STORAGE_ROOT=str(tmp_path / "circle")).storage.storage_root == tmp_path / "circle"

    @pytest.mark.parametrize(
        ("path", "refused"),
        [
            ("/", True), ("/proc/self", True), ("/usr/share/abby", True), ("/etc", True), ("/home", True),
            ("/var/lib", True), ("/System/x", True), ("/private/etc/x", True), ("/Users", True),
            ("/home/a/abby", False), ("/var/lib/abby", False), ("/srv/abby", False), ("/data", False),
            ("/Users/a/abby", False),
        ],
    )  # fmt: skip
    def test_system_directories_of_posix(self, path: str, refused: bool) -> None:
        """Linux and macOS."""
        assert is_system_directory(PurePosixPath(path)) is refused

    @pytest.mark.parametrize(
        ("path", "refused"),
        [
            ("C:\\", True), ("D:\\", True), ("c:\\windows\\System32", True), ("C:\\Program Files\\Abby", True),
            ("C:\\Users", True), ("C:\\Users\\a\\abby", False), ("D:\\abby", False), ("\\\\server\\share\\abby", False),
            ("C:\\ProgramData\\Abby", False),
        ],
    )  # fmt: skip
    def test_system_directories_of_windows(self, path: str, refused: bool) -> None:
        """Whatever the case of the letters."""
        assert is_system_directory(PureWindowsPath(path)) is refused


class TestSecrets:
    """Keys and tokens reach who needs them, and no text."""

    def test_a_secret_is_in_no_text_of_the_configuration(self, load: Load) -> None:
        """Representation, string, the lines that are printed, and the sources that it was read from."""
        config = load(f"DISCORD_TOKEN=other-{KEY}", STABILITY_API_KEY=KEY, DISCORD_TOKEN=f"bot-{KEY}")
        for text in (repr(config), str(config), repr(config.api), repr(config.sources), *config.describe()):
            assert "HIDDEN" not in text
        assert repr(config.api._given["STABILITY_API_KEY"]).count("HIDDEN") == 0
        assert "DISCORD_TOKEN is set (environment; .env says otherwise)" in config.describe()
        assert config.api.stability_key is not None
        assert config.api.stability_key.get_secret_value() == KEY
        assert config.stability_api_key == config.api.stability_key
        assert set(config.secrets()) == {KEY, f"bot-{KEY}"}

    def test_a_bad_secret_is_refused_without_showing_it(self, load: Load) -> None:
        """Neither in the sentence nor in a traceback of it."""
        with pytest.raises(ConfigError, match=r"^STABILITY_API_KEY \(environment\): it holds a space") as refused:
            load(STABILITY_API_KEY=f"{KEY} and more")
        assert "HIDDEN" not in "".join(traceback.format_exception(refused.value))
        with pytest.raises(ConfigError) as refused:
            ApiConfig()
        assert "ValidationError" in "".join(traceback.format_exception(refused.value))
        assert "HIDDEN" not in "".join(traceback.format_exception(refused.value))

    def test_an_argument_that_is_no_text_is_no_secret(self, load: Load) -> None:
        """A number is a mistake of the caller; a secret that is masked already is taken."""
        with pytest.raises(ConfigError, match=r"^DISCORD_TOKEN \(argument\): it takes a bot's token"):
            load(arguments={"DISCORD_TOKEN": 5})
        assert load(arguments={"DISCORD_TOKEN": SecretStr(KEY)}).secrets() == [KEY]

    def test_an_empty_secret_is_an_unset_one(self, load: Load) -> None:
        """So a weaker place may set it."""
        config = load("DISCORD_TOKEN=from-file\nSTABILITY_API_KEY=", DISCORD_TOKEN="", STABILITY_API_KEY="")
        assert config.api.stability_key is None
        assert config.discord.token is not None
        assert (config.discord.token.get_secret_value(), config.origin("DISCORD_TOKEN")) == ("from-file", ".env")
        assert "STABILITY_API_KEY is not set (default)" in config.describe()

    def test_credentials_in_an_address_are_refused_and_not_shown(self, load: Load) -> None:
        """Nor is what comes after a question mark."""
        with pytest.raises(ConfigError, match="leave the user name and password out") as refused:
            load(API_HOST=f"https://user:{KEY}@x.example")
        assert "HIDDEN" not in str(refused.value)
        with pytest.raises(ConfigError) as refused:
            load(API_HOST=f"https://x.example/?api_key={KEY}")
        assert "HIDDEN" not in str(refused.value)

    def test_a_long_or_unprintable_value_is_shown_short_and_plain(self, load: Load) -> None:
        """One line stays one line."""
        with pytest.raises(ConfigError) as refused:
            load(HTTP_HOST="a\nb\x1b[31m" + "x" * 5000)
        assert len(str(refused.value)) < 300
        assert str(refused.value).count("\n") == 0
        assert "\x1b" not in str(refused.value)


class TestFormerApi:
    """The names that earlier code uses."""

    def test_the_classes_are_made_without_arguments(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They read the process's environment, as they did."""
        monkeypatch.setenv("MAX_USER_DAILY_GENS", "9")
        assert BotConfig().storage.max_user_daily_gens == 9
        assert StorageConfig().max_user_daily_gens == 9
        assert isinstance(BotConfig().storage, StorageConfig)

    def test_config_is_read_at_its_first_use_and_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Importing the module reads nothing."""
        monkeypatch.delitem(vars(adapters.settings.config), "config", raising=False)
        monkeypatch.setenv("HTTP_PORT", "81")
        first = adapters.settings.config.config
        monkeypatch.setenv("HTTP_PORT", "82")
        assert first.http.port == 81
        assert adapters.settings.config.config is first
        monkeypatch.delitem(vars(adapters.settings.config), "config")
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = adapters.settings.config.nothing

    def test_the_former_import_gives_the_same_object(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`from abby_adapters.discord.config import config`, unchanged."""
        monkeypatch.delitem(vars(adapters.settings.config), "config", raising=False)
        monkeypatch.delitem(sys.modules, "abby_adapters.discord.config", raising=False)
        from abby_adapters.discord import config as former
        from abby_adapters.discord.config import config

        assert config is adapters.settings.config.config
        assert former.BotConfig is BotConfig
        assert former.StorageConfig is StorageConfig
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = former.nothing
        monkeypatch.delitem(vars(adapters.settings.config), "config")

    def test_it_is_frozen(self, load: Load) -> None:
        """Nobody changes a limit behind the ledger's back."""
        config = load()
        with pytest.raises(AttributeError):
            config.http = config.http  # type: ignore[misc]  # the assignment is what is refused
        with pytest.raises(ValidationError):
            config.http.port = 1  # type: ignore[misc]  # the assignment is what is refused


def test_the_example_file_is_the_documentation_of_every_setting(tmp_path: Path) -> None:
    """`.env.example` names each setting once with its default, and is itself a valid `.env`."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    examples = [line.removeprefix("# ") for line in lines if re.match("# [A-Z0-9_]+=", line)]
    assert sorted(line.partition("=")[0] for line in examples) == sorted(SETTINGS)
    path = tmp_path / ".env"
    path.write_text("\n".join(examples), encoding="utf-8")
    shown = [line.rpartition(" (")[0] for line in load_config(env_file=path).describe()]
    path.write_text("", encoding="utf-8")
    assert shown == [line.rpartition(" (")[0] for line in load_config(env_file=path).describe()]
