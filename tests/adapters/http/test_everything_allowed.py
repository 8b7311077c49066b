"""Schemathesis asks the service for all that its document allows and for what it does not, and judges every answer.

A status beyond the document, an answer that is not as its schema says, a request that fits and is refused, one that
does not fit and is taken, a route that answers without a token: each fails here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.http.routes.openai import FRONT_END_USER
from tests.adapters.cli import processes
from tests.adapters.cli.processes import PROJECT, command, environment, run, serving, write_env_file

NO_WAIT_FOR_THE_DISK = """
from adapters.disk.platforms import Posix
Posix.sync_data = Posix._sync_names = lambda *_: None
"""
"""In the service: nothing here is about what lasts."""
CASES, MANY_CASES = 3, 100
"""Random ones for each route, beside those at the bounds of each value."""
SECONDS = 240
ANSWER_SECONDS = 60
WHAT_NO_SCHEMA_TELLS = """
[[operations]]
include-name = "POST /v1/users/{user}/images"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "429", "5xx", "415", "422"]

[[operations]]
include-name = "POST /openai/v1/images/edits"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]

[[operations]]
include-name = "GET /v1/price"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]

[[operations]]
include-path-regex = "^/v1/admin/(policy|asks/.ask.|tiers/.tier.|market/offers/.offer.|users/.user./(limits|grants))$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "412", "429", "5xx"]

[[operations]]
include-path-regex = "^/v1/users/.user./asks$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "412", "429", "5xx"]

[[operations]]
include-path-regex = "/reservations(/.id./completion)?$"
warnings = false
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "429", "5xx"]

[[operations]]
include-path-regex = "^/v1/users/.user./(points/gifts|purchases)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "409", "412", "429", "5xx"]

[[operations]]
include-path-regex = "/events/stream$"
enabled = false

[[operations]]
include-path-regex = "^/v1/session/discord"
warnings = false

[[operations]]
include-path-regex = "/images/(deletions|archives)$"
phases.coverage.unexpected-methods = ["PUT", "PATCH"]

[[operations]]
include-path-regex = "/(images/.name.|thumbnails/.*|details/.*|queue/.*|grants/.*|asks/.*|favourites/.*|purchases)$"
warnings = false
"""
"""Of bytes: whether they are a picture, and of the kind that the name says. Of a price: an upscale takes no height.
Of a reservation: a price has three decimals, and what pictures cost is told once.
Of a further limit and a grant: credits have three decimals, the rest none, and what rolls over ends later. Of a
tier: the form of its limits, and the order of its lists. Of a gift: that it is to somebody else; of an offer that is
withdrawn or bought: whether it is there.
A stream has no end to wait for, which `test_events.py` does; nobody signs in with Discord here, as in
`test_discord_sign_in.py`; and an image may be named as a route is, so that `GET` and `DELETE` are allowed there, and
seldom has the name that is asked for. Nothing waits here for long enough to be taken out of the line, which
`test_queue.py` does.
"""


def test_every_request_is_answered_as_the_document_says(
    tmp_path: Path, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks that schemathesis has."""
    monkeypatch.setattr(processes, "LIFE_SECONDS", SECONDS)
    root, settings = tmp_path / "root", tmp_path / "settings.env"
    write_env_file(
        settings,
        HTTP_ACCESS="tokens",
        MAX_USER_DAILY_GENS="1000000",
        QUEUE_PER_USER="500",
        EARN_DAILY="3",
        LOG_LEVEL="ERROR",
    )
    (tmp_path / "schemathesis.toml").write_text(WHAT_NO_SCHEMA_TELLS, encoding="utf-8")
    with serving(root, settings, NO_WAIT_FOR_THE_DISK) as service:
        token = run(command(root, settings, "token", "create", "all", "--scope", "admin"), cwd=tmp_path).out.strip()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.address}/openapi.json"),
                *("--checks", "all", "--phases", "coverage,fuzzing", "--generation-codec", "ascii"),
                *("--max-examples", str(MANY_CASES if thorough else CASES), "--continue-on-failure", "--seed", "1"),
                *("--request-timeout", str(ANSWER_SECONDS)),
                *("--header", f"Authorization: Bearer {token}", "--header", f"{FRONT_END_USER}: 1"),
            ],
            cwd=tmp_path,
            env=environment(SCHEMATHESIS_HOOKS="tests.adapters.http.asking_everything", PYTHONPATH=str(PROJECT)),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "No issues found" in done.stdout, done.stdout[-3000:]
