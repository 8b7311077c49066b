"""A value that is a template's, or another setting's, is told with file and line instead of being used as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config

LINES = [
    "STORAGE_ROOT={{ root }}",
    "STORAGE_ROOT=<path>",
    "STORAGE_ROOT=<path>/abby",
    "STORAGE_ROOT=!HOME!/abby",
    "STORAGE_ROOT=@root@/abby",
    "STORAGE_ROOT=STORAGE_ROOT=shared",
    "STORAGE_ROOT=HTTP_PORT=80",
    "STORAGE_ROOT=%APPDATA%/abby",
    "STORAGE_ROOT=$env:NOWHERE/abby",
    "DISCORD_TOKEN=DISCORD_TOKEN=abc",
    "STABILITY_API_KEY=HTTP_PORT=80",
    *(f"STORAGE_ROOT={value}" for value in ("null", "None", "undefined", "$", "x;y", "a|b", "*.png", "data/null/x")),
    *(
        f"DISCORD_TOKEN={value}"
        for value in (
            *(
                "$(cat token)",
                "$(pass)",
                "`cat`",
                "$TOKEN",
                "%TOKEN%",
                "<token>",
                "{{token}}",
                "your-key-here",
                "changeme",
            ),
            *("change_me", "YOUR_TOKEN", "xxx", "XXXXXXXX", "null", "none", "undefined", "TODO", "...", "***", "token"),
        )
    ),
    "HTTP_HOST=8080",
    "HTTP_HOST=HTTP_HOST=127.0.0.1",
    "HTTP_PORT=127.0.0.1:8080",
    "HTTP_PORT=80 HTTP_HOST=127.0.0.1",
    "HTTP_PORT => 80",
    "HTTP_PORT=80;",
    "HTTP_PORT=$((80+1))",
    "HTTP_PORT ?= 80",
    "${env:HTTP_PORT}=80",
    "- HTTP_PORT=80",
    "REM set HTTP_PORT=80",
    "<HTTP_PORT>80</HTTP_PORT>",
    "\u200bHTTP_PORT=80",
    "HTTP_PORT\uff1d80",
]
WARNED = [
    "HTTP-PORT=80",
    "Environment=HTTP_PORT=80",
    'Environment="HTTP_PORT=80"',
    "process.env.HTTP_PORT=80",
    "abby.HTTP_PORT=80",
]
FINE = [
    "STORAGE_ROOT=nullify",
    "STORAGE_ROOT=R&D",
    "DISCORD_TOKEN=yourabc.def.ghi",
    "OPENAI_API_KEY=sk-xxx",
    "STORAGE_ROOT=a@b",
    "STORAGE_ROOT=it's!",
    "STORAGE_ROOT=a=b",
    "DISCORD_TOKEN=ab_c==",
    "HTTP_HOST=1a.example",
]


@pytest.mark.parametrize("line", LINES)
def test_it_is_told_with_its_place(line: str, tmp_path: Path) -> None:
    """And with the setting that is meant."""
    path = tmp_path / "settings.env"
    path.write_text(f"# ours\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config({}, path)
    assert f"{path} line 2" in str(raised.value)
    assert any(name in str(raised.value) for name in ("HTTP_", "STORAGE_ROOT", "DISCORD_TOKEN", "STABILITY_API_KEY"))


@pytest.mark.parametrize("line", FINE)
def test_what_only_looks_like_it_is_taken(line: str, tmp_path: Path) -> None:
    """Folders, keys and hosts may have such characters."""
    path = tmp_path / "settings.env"
    path.write_text(f"{line}\n", encoding="utf-8")
    assert load_config({}, path).warnings is not None


@pytest.mark.parametrize("line", WARNED)
def test_a_name_that_has_a_settings_name_in_it_is_warned_about(line: str, tmp_path: Path) -> None:
    """With file, line and the setting that is meant; what its value is stays out of the sentence."""
    path = tmp_path / "settings.env"
    path.write_text(f"# ours\n{line}\n", encoding="utf-8")
    (told,) = [one for one in load_config({}, path).warnings if str(path) in one]
    assert f"{path} line 2" in told
    assert "did you mean HTTP_PORT?" in told
    assert "80" not in told.replace(str(path), "")
