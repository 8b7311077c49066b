"""Measures Abby Ledger beside its peers in one run: `python -m scripts.bench`, or `abby bench`.

Prints a table, or one JSON object; writes a chart where one is asked for. Nothing here is a test: figures depend on the
machine, ratios less so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.bench.bench import FULL, QUICK, Bench
from scripts.bench.figures import Figure
from scripts.bench.showing import as_json, print_table
from scripts.bench.works import by_users, history, memory, pairs, replay, restart, single, stages

WORKS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "pairs": pairs.measure,
    "single": single.measure,
    "users": by_users.measure,
    "replay": replay.measure,
    "restart": restart.measure,
    "history": history.measure,
    "memory": memory.measure,
    "stages": stages.measure,
}


def main(words: list[str]) -> int:
    """Carries the words of a command line out."""
    parser = _parser()
    options = parser.parse_args(words)
    if options.chart and find_spec("vl_convert") is None:
        parser.error("a chart needs vl-convert-python, one of the packages that `python3 launch.py test` installs")
    sizes = QUICK if options.quick else FULL
    if options.rounds:
        sizes = sizes._replace(rounds=options.rounds)
    with TemporaryDirectory(dir=options.dir, prefix=".bench-") as folder:
        bench = Bench(sizes, Path(folder), _tell)
        figures = [figure for work in options.only or WORKS for figure in WORKS[work](bench)]
    if options.chart:
        from scripts.bench.chart import draw

        options.chart.write_text(draw(figures), encoding="utf-8")
    if options.json:
        print(json.dumps(as_json(figures)))
    else:
        print_table(figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="abby bench", description="Measures Abby Ledger beside its peers.")
    parser.add_argument("--dir", type=Path, default=Path.cwd(), help="a folder on the disk to measure on")
    parser.add_argument("--only", action="append", choices=sorted(WORKS), help="only this work; repeatable")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement, of which the median counts")
    parser.add_argument("--quick", action="store_true", help="a few seconds of everything: to see it run, not to quote")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write a chart of the pairs there, as SVG")
    return parser


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
