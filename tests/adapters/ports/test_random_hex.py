"""Random names: each is another, also beside other threads and in a child that was forked."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.ports.random_hex import BLOCK_BYTES, RandomHex, random_hex


def test_no_name_comes_twice() -> None:
    """Over the ends of many blocks, and in several threads at once."""
    source = RandomHex()
    many = 4 * BLOCK_BYTES // 16
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(source.of, [16] * many))
    assert len(set(names)) == many
    assert {len(name) for name in names} == {32}


def test_what_does_not_fit_a_block_any_more_comes_of_the_next() -> None:
    """Nothing is cut short."""
    source = RandomHex()
    assert [len(source.of(size)) for size in (BLOCK_BYTES - 1, 8, BLOCK_BYTES)] == [2 * BLOCK_BYTES - 2, 16, 8_192]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forks nothing")
def test_a_forked_child_draws_its_own() -> None:
    """Parent and child would otherwise name two reservations alike."""
    random_hex(1)  # there is a block that both would go on with
    context = multiprocessing.get_context("fork")
    told, tell = context.Pipe(duplex=False)
    child = context.Process(target=lambda: tell.send(random_hex(16)))
    child.start()
    assert told.recv() != random_hex(16)
    child.join()
