"""Measures Abby Ledger beside its peers in one run: `python -m scripts.bench`, or `abby bench`.

Prints each row as soon as it is known, or one JSON object at the end; writes a chart where one is asked for. Nothing
here is a test: figures depend on the machine, ratios less so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from adapters.cli import streams
from adapters.cli.exits import Exit
from scripts.bench.bench import FULL, QUICK, Bench
from scripts.bench.figures import Figure
from scripts.bench.showing import HEADINGS, TITLE, as_json, cells, row
from scripts.bench.works import by_users, history, limits, memory, pairs, processes, replay, restart, single, stages

WORKS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "pairs": pairs.measure,
    "single": single.measure,
    "users": by_users.measure,
    "replay": replay.measure,
    "restart": restart.measure,
    "history": history.measure,
    "memory": memory.measure,
    "stages": stages.measure,
    "limits": limits.measure,
    "processes": processes.measure,
}


class Parser(argparse.ArgumentParser):
    """The words of the command line; where they ask for JSON, what is wrong with them is JSON too."""

    def error(self, message: str) -> NoReturn:
        """Ends the program, as a wrong use."""
        sentence = f"{message.removesuffix('.')}. `abby bench --help` says what can be asked."
        if "--json" in sys.argv:
            print(json.dumps({"refused": {"reason": "MALFORMED", "message": sentence}}))
        else:
            streams.say(f"abby bench: {sentence}")
        raise SystemExit(Exit.USAGE)


def main(words: list[str]) -> int:
    """Carries the words of a command line out. Raises OSError where standard output cannot be written."""
    parser = _parser()
    options = parser.parse_args(words)
    if options.chart and find_spec("vl_convert") is None:
        parser.error("a chart needs vl-convert-python, one of the packages that `python3 launch.py test` installs")
    sizes = QUICK if options.quick else FULL
    if options.rounds:
        sizes = sizes._replace(rounds=options.rounds)
    if not options.json:
        print(TITLE, row(HEADINGS), sep="\n", flush=True)
    with TemporaryDirectory(dir=options.dir, prefix=".bench-") as folder:
        bench = Bench(sizes, Path(folder), streams.say, json.load(sys.stdin) if options.database else {})
        figures = list(_measured(bench, options.only or list(WORKS), show=not options.json))
    if options.chart:
        from scripts.bench.chart import draw

        options.chart.write_text(draw(figures), encoding="utf-8")
    if options.json:
        print(json.dumps(as_json(figures)))
    return Exit.DONE


def _measured(bench: Bench, works: Sequence[str], *, show: bool) -> Iterator[Figure]:
    """Every figure of the works; shown, it is printed as soon as it is known."""
    for work in works:
        for figure in WORKS[work](bench):
            if show:
                print(row(cells(figure)), flush=True)
            yield figure


def _ended(words: list[str]) -> int:
    """The exit code, also where nobody reads any more or standard output has no room."""
    try:
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else Exit.USAGE
        sys.stdout.flush()
    except BrokenPipeError:
        streams.give_up(sys.stdout)
        return Exit.DONE
    except KeyboardInterrupt:
        return Exit.STOPPED
    except OSError as error:
        streams.give_up(sys.stdout)
        streams.say(f"The measurement cannot go on: {error}.")
        return Exit.DISK
    return code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="abby bench", description="Measures Abby Ledger beside its peers.")
    parser.add_argument("--dir", type=Path, default=Path.cwd(), help="a folder on the disk to measure on")
    parser.add_argument("--only", action="append", choices=sorted(WORKS), help="only this work; repeatable")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement, of which the median counts")
    parser.add_argument("--quick", action="store_true", help="a few seconds of everything: to see it run, not to quote")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write a chart of the pairs there, as SVG")
    parser.add_argument("--database", action="store_true", help="the POSTGRES_ settings come as JSON on standard input")
    return parser


if __name__ == "__main__":
    sys.exit(_ended(sys.argv[1:]))
