"""Limits as settings: what is wrong keeps everything from starting, and is told with its setting, where that stands and
the entry of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config

WRONG = (
    ("LIMITS=user/month/credits=20, pool/mont/credits=500", "entry 2, 'pool/mont/credits=500', has no such window"),
    ("LIMITS=pool/month/credits=5.0001", "entry 1, 'pool/month/credits=5.0001', is wrong: '5.0001' is not a num"),
    ("LIMITS=pool/month/credits=5, user/day/generations=5", "entry 2, 'user/day/generations=5', has a setting of its"),
    ("ENFORCE=pool/storage=true, user/month/credits=perhaps", "entry 2, 'user/month/credits=perhaps', is neither true"),
    ("TELL_AT=80, 95, 101", "entry 3, '101', is no whole percentage from 1 to 100"),
)


@pytest.mark.parametrize(("line", "told"), WRONG)
@pytest.mark.parametrize("source", ["environment", ".env"])
def test_a_bad_limit_keeps_everything_from_starting(
    line: str, told: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment and from `.env` alike."""
    for name in ("LIMITS", "ENFORCE", "TELL_AT"):
        monkeypatch.delenv(name, raising=False)
    env_file, (name, _, value) = tmp_path / ".env", line.partition("=")
    env_file.write_text(line if source == ".env" else "")
    if source == "environment":
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load_config(None, env_file=env_file)
    place = f"{env_file} line 1" if source == ".env" else "environment"
    assert str(refused.value).startswith(f"{line} ({place}): {told}")
    assert refused.value.exit_code == 78
