"""`abby price`: what pictures would cost by these settings, with nobody asked and no storage root made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import write_env_file

KEY = "sk-stability-0123456789"


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """Settings of a service that is paid; nobody stands at its address."""
    return write_env_file(
        tmp_path / "paid.env",
        GENERATOR="stability",
        STABILITY_API_KEY=KEY,
        API_HOST="http://127.0.0.1:9",
        STABILITY_MODEL="core",
        CREDITS_EACH="core/640x1536=3.25",
    )


def test_a_price_for_programs(abby: Abby, paid: Path, root: Path, fits: Any) -> None:
    """The schema's members; nothing is made on the disk."""
    told = abby("price", "--count", "2", "--json", env_file=paid)
    assert told.code == 0
    fits("price", told.json)
    assert told.json == {
        "provider": "stability",
        "model": "core",
        "operation": "text_to_image",
        "width": 1024,
        "height": 1024,
        "count": 2,
        "credits_each": 3.0,
        "credits": 6.0,
        "sentence": "2 pictures by core would cost 6 credits, 3 each.",
    }
    assert not root.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "1 picture by core would cost 3 credits."),
        (("--width", "640", "--height", "1536"), "1 picture by core would cost 3.25 credits."),
        (
            ("--operation", "image_to_image", "--count", "3"),
            "3 pictures by sd3.5-large would cost 19.5 credits, 6.5 each.",
        ),
        (("--operation", "upscale", "--width", "4096"), "1 picture by fast would cost 2 credits."),
    ],
)
def test_a_price_for_people(abby: Abby, paid: Path, options: tuple[str, ...], sentence: str) -> None:
    """A table, and the sentence below it."""
    told = abby("price", *options, env_file=paid)
    assert told.code == 0
    assert told.out.splitlines()[-1] == sentence
    assert KEY not in told.out + told.err


def test_a_price_that_is_not_known_is_an_answer(abby: Abby, tmp_path: Path) -> None:
    """With what to do."""
    env_file = write_env_file(
        tmp_path / "v1.env", GENERATOR="stability", STABILITY_API_KEY=KEY, STABILITY_MODEL="sd-v1"
    )
    told = abby("price", env_file=env_file)
    assert told.code == 0
    assert "not known" in told.out
    assert "The price of sd-v1 is not known: add it to CREDITS_EACH." in told.out


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--operation", "paint"), 2, "text_to_image, image_to_image, upscale"),
        (("--count", "11"), 2, "from 1 to 10"),
        (("--width", "63"), 2, "width"),
    ],
)
def test_what_cannot_be_made_has_no_price(
    abby: Abby, paid: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    """The sentence of the request itself."""
    told = abby("price", *options, env_file=paid)
    assert told.code == code
    assert words in told.err


def test_without_a_provider_there_is_no_price(abby: Abby, tmp_path: Path) -> None:
    """It says which setting is missing."""
    told = abby("price", env_file=write_env_file(tmp_path / "none.env", GENERATOR="stability"))
    assert told.code == 69
    assert "STABILITY_API_KEY" in told.err
