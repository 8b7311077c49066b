"""The README's table of faults names what the emulators can do, and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import Emulator, Scripted
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.stability import StabilityEmulator
from tests.emulators.stability_v2beta import StableImageEmulator

TESTS = Path(__file__).parent.parent
TABLE = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
NOT_FAULTS = frozenset(
    {
        *(
            "name",
            "heard",
            "complaints",
            "running",
            "most_at_once",
            "sent_bytes",
            "address",
            "key",
            "login",
            "any_model",
            "service",
        ),
        *("jobs", "most_jobs_at_once", "served", "credits_each", "polls_needed"),
    }
)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]*test_\w+)`", TABLE))))
def test_a_test_of_the_table_is_there(name: str) -> None:
    """By its path, or its name where it is one of the providers'."""
    place = TESTS.parent / f"{name}.py" if "/" in name else TESTS / "adapters/generation" / f"{name}.py"
    assert place.exists()


@pytest.mark.parametrize(
    "emulator",
    [Automatic1111Emulator(), CurrencyEmulator("k"), OpenAIEmulator(), StabilityEmulator(), StableImageEmulator()],
)
def test_every_fault_of_an_emulator_has_its_row(emulator: Emulator) -> None:
    """What a test may set, and each kind of scripted answer."""
    settable = {name for name in vars(emulator) if not name.startswith("_")} - NOT_FAULTS
    assert {name for name in settable if f"`{name}`" not in TABLE and f".{name}`" not in TABLE} == set()
    assert {kind.__name__ for kind in get_args(Scripted) if kind.__name__ not in TABLE} == set()
