"""Who is let in over HTTP, as the settings say: what is left out of them is told before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.bootstrap.doors import discord_sign_in
from adapters.bootstrap.reach import needs_token, reach_of
from adapters.network.reach import Reach
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config, load_config
from tests.adapters.cli.processes import command, run, serving, write_env_file

WHOLE = {
    "DISCORD_CLIENT_ID": "42",
    "DISCORD_CLIENT_SECRET": "abcdefgh12345678",
    "PUBLIC_URL": "https://Abby.Example:443/",
}


def loaded(tmp_path: Path, **settings: str) -> Config:
    """The configuration of these settings."""
    return load_config(env_file=write_env_file(tmp_path / "settings.env", **settings))


def test_signing_in_with_discord_is_set_up_whole(tmp_path: Path) -> None:
    """The redirect is what is registered at Discord, letter by letter."""
    found = discord_sign_in(loaded(tmp_path, **WHOLE))
    assert found is not None
    assert found.application.redirect_uri == "https://abby.example/v1/session/discord/callback"
    assert "abcdefgh12345678" not in "".join(loaded(tmp_path, **WHOLE).describe())


@pytest.mark.parametrize("missing", WHOLE)
def test_a_part_of_it_is_refused_by_its_name(tmp_path: Path, missing: str) -> None:
    """And the address alone is for other things too."""
    settings = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(ConfigError, match=f"and {missing} is not set"):
        discord_sign_in(loaded(tmp_path, **settings))
    assert discord_sign_in(loaded(tmp_path, PUBLIC_URL="http://127.0.0.1:8080")) is None


@pytest.mark.parametrize(
    "line",
    [
        "HTTP_TRUSTED_PROXIES=0.0.0.0/0",
        "HTTP_TRUSTED_PROXIES=proxy.lan",
        "HTTP_TRUSTED_PROXIES=10.0.0.1/24",
        "HTTP_ALLOW_PLAIN=perhaps",
        "PUBLIC_URL=abby.example",
        "PUBLIC_URL=https://abby.example/page",
        "PUBLIC_URL=https://u:p@abby.example",
        "DISCORD_CLIENT_ID=abc",
    ],
)
def test_what_is_no_value_is_refused(tmp_path: Path, line: str) -> None:
    """By the name of the setting, with what it takes."""
    name, _, value = line.partition("=")
    with pytest.raises(ConfigError, match=f"{name}.*it takes"):
        loaded(tmp_path, **{name: value})


def test_without_settings_a_service_is_this_machines_alone(tmp_path: Path) -> None:
    """As it always was."""
    config = loaded(tmp_path)
    assert (reach_of(config), needs_token(config), discord_sign_in(config)) == (Reach(), False, None)


def test_a_service_on_every_address_says_so_and_serves_the_commands_of_its_machine(tmp_path: Path) -> None:
    """They ask it on loopback, and it lets them in by its pass."""
    root, settings = tmp_path / "root", tmp_path / "settings.env"
    write_env_file(settings, HTTP_HOST="0.0.0.0", HTTP_ACCESS="tokens", HTTP_ALLOW_PLAIN="true")
    with serving(root, settings) as service:
        assert service.address.startswith("http://127.0.0.1:")
        asked = run(command(root, settings, "status", "1", "--json"), cwd=tmp_path)
        assert (asked.code, asked.json["daily"]["used"]) == (0, 0)
