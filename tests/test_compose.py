"""`docs/operations/compose.yaml` is true: what it names is there, what it sets are settings that go together, and each
container of ours is as shut as the image is made for. It is not run here: there is no registry of images.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # it comes without types

from adapters.bootstrap.reach import needs_token, reach_of
from adapters.cli.app import COMMANDS
from adapters.engines.choice import POSTGRES_MODULE
from adapters.settings.config import SECTIONS, load_config

PROJECT = Path(__file__).resolve().parent.parent
OPERATIONS = PROJECT / "docs" / "operations"
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
OURS = ("service", "bot")
BOT_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe." + "x_Y-9" * 8


@cache
def compose() -> dict[str, Any]:
    """What the file says."""
    found: dict[str, Any] = yaml.safe_load((OPERATIONS / "compose.yaml").read_text(encoding="utf-8"))
    return found


def written_secrets() -> dict[str, str]:
    """The settings that the document has an operator write into the files of secrets."""
    (formats,) = re.findall(r"^printf '(POSTGRES_PASSWORD=.*?)' \\$", DOCUMENT, re.MULTILINE)
    names = [line.partition("=")[0] for line in formats.split("\\n") if line]
    return {**dict.fromkeys(names, "given-by-the-operator"), "DISCORD_TOKEN": BOT_TOKEN}


def test_everything_it_names_is_there() -> None:
    """Volumes, secrets and services are declared; images have a version; the secrets are in no commit."""
    told = compose()
    for name, service in told["services"].items():
        if name in OURS:
            assert (OPERATIONS / service["build"] / "Dockerfile").resolve() == PROJECT / "Dockerfile"
        else:
            assert re.search(r":(?=[\w.-]*\d)(?!latest)[\w.-]+$", service["image"]), service["image"]
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in told["volumes"]
        assert set(service.get("secrets", ())) <= told["secrets"].keys()
        assert set(service.get("depends_on", ())) <= told["services"].keys()
        for path in re.findall(r"/run/secrets/(\w+)", str(service)):
            assert path in service["secrets"]
    files = {secret["file"] for secret in told["secrets"].values()}
    files |= {file for name in OURS for file in told["services"][name]["env_file"]}
    assert {file.removeprefix("secrets/") for file in files} <= set(re.findall(r"\w+(?:\.env)?", DOCUMENT))
    assert all(file.startswith("secrets/") for file in files)
    assert "docs/operations/secrets/" in (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", OURS)
def test_its_settings_are_settings_and_go_together(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the secrets of the document they are a service that starts; nothing is open that should not be."""
    given = compose()["services"][name]["environment"]
    known = {setting for section in SECTIONS.values() for setting in section.settings()}
    assert set(given) | set(written_secrets()) <= known
    for setting, value in {**given, **written_secrets()}.items():
        assert isinstance(value, str), f"{setting} is text, as an environment has it"
        monkeypatch.setenv(setting, value)
    config = load_config(env_file=PROJECT / ".env.none")
    assert config.warnings == []
    assert config.log_keeper.module == POSTGRES_MODULE
    assert config.objects is not None
    assert reach_of(config).why_not(needs_token=needs_token(config)) is None


@pytest.mark.parametrize("name", OURS)
def test_containers_of_ours_are_shut(name: str) -> None:
    """As the image is made for: another account than root, nothing to write but the volume and /tmp, time to stop."""
    told = compose()["services"][name]
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert told["user"] == user
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    (volume,) = re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    assert [one.partition(":")[2] for one in told["volumes"]] == [volume]
    assert told["environment"]["LOCAL_ROOT"].startswith(f"{volume}/")
    assert int(told["stop_grace_period"].removesuffix("s")) >= 45
    assert told["command"][0] in COMMANDS


def test_nothing_listens_for_other_machines() -> None:
    """The one port that is published is this machine's."""
    ports = {name: service["ports"] for name, service in compose()["services"].items() if "ports" in service}
    assert ports == {"service": ["127.0.0.1:8080:8080"]}


def test_the_image_has_what_reaches_them() -> None:
    """The lock that it is made of holds the extras."""
    assert "--require-hashes -r requirements-servers.lock" in DOCKERFILE
    lock = (PROJECT / "requirements-servers.lock").read_text(encoding="utf-8")
    assert re.findall(r"^(psycopg|psycopg-binary|psycopg-pool|obstore)==", lock, re.MULTILINE).__len__() == 4
