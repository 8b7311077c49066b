"""What a decision takes in this tree beside another commit's, in the same run: reservations and releases without a
further limit in use, decided, encoded, hashed and synced in batches. Two processes, a batch each in turn; the least of
each counts, and the median of all pairs.

    python scripts/beside_commit.py 4dd81bd
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 100
MEASURED = """
import asyncio, sys, time
from pathlib import Path
from adapters.engines.opening import open_store
from domain.commands import ReleasePlaces, ReserveGeneration
BATCH, USERS = 256, 2_000
async def main(ledger):
    begun = 0
    while sys.stdin.readline().strip():
        users = [f"u{number % USERS}" for number in range(begun, begun + BATCH)]
        names = [f"r{number}" for number in range(begun, begun + BATCH)]
        begun += BATCH
        reserve = [ReserveGeneration(user=user, by="cli", reservation=name, ttl_seconds=900, count=1,
                                     operation="text_to_image") for user, name in zip(users, names)]
        release = [ReleasePlaces(user=user, by="cli", reservation=name, reason="failed", count=None)
                   for user, name in zip(users, names)]
        began = time.perf_counter()
        await asyncio.gather(*map(ledger.submit, reserve))
        await asyncio.gather(*map(ledger.submit, release))
        print((time.perf_counter() - began) / (2 * BATCH) * 1e6, flush=True)
store = open_store(Path(sys.argv[1]))
asyncio.run(main(store.opened().ledger))
store.close()
"""
"""What each process runs; every tree since 0.1.0 has what it names."""


class Tree:
    """The process that measures one tree."""

    def __init__(self, tree: Path, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", MEASURED, str(root)],
            cwd=tree, env={"PYTHONPATH": str(tree)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def measured(self) -> float:
        """Microseconds of a decision, of one batch of reservations and one of releases."""
        self._say("go\n")
        assert self._process.stdout is not None, "it is a pipe"
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The process that measures ended; above it says why.")
        return float(line)

    def end(self) -> None:
        """Has it close its store."""
        self._say("\n")
        self._process.wait()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None, "it is a pipe"
        self._process.stdin.write(word)
        self._process.stdin.flush()


@contextmanager
def tree_of(commit: str, folder: Path) -> Iterator[Path]:
    """The files of a commit, in a new folder that goes again."""
    tree = folder / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    made = subprocess.run([*git, "add", "--detach", str(tree), commit], capture_output=True, text=True, check=False)
    if made.returncode:
        raise SystemExit(f"There is no tree of {commit}: {made.stderr.strip()}")
    try:
        yield tree
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], capture_output=True, check=True)


def compared(commit: str, rounds: int) -> dict[str, float]:
    """Microseconds of a decision there and here, the ratio of the least of each, and the median ratio of all pairs."""
    with TemporaryDirectory() as made, tree_of(commit, Path(made)) as tree:
        trees = [Tree(one, Path(made) / name) for one, name in ((tree, "there"), (ROOT, "here"))]
        pairs = []
        for number in range(rounds):
            order = (0, 1) if number % 2 else (1, 0)
            found = {which: trees[which].measured() for which in order}
            pairs.append((found[0], found[1]))
        for one in trees:
            one.end()
    there, here = (min(pair[which] for pair in pairs) for which in (0, 1))
    return {"there_us": there, "here_us": here, "least": here / there, "pairs": median(b / a for a, b in pairs)}


def main(words: Sequence[str]) -> int:
    """Measures, and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="the other commit, as git names it")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args(words)
    found = compared(given.commit, given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        print(
            f"A decision takes {found['here_us']:.1f} us here and {found['there_us']:.1f} us at {given.commit}: "
            f"{found['least']:.2f} times as long, and {found['pairs']:.2f} times by the median of all pairs."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
