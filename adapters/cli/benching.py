"""`abby bench`: the benchmarks of the project's folder, a program of their own, on the disk of the storage root."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.settings.kinds import project_folder

WITHOUT_THE_FOLDER = (
    "The benchmarks are not here: {} has no scripts/bench. They come with the project's folder and not with an "
    "installed package; run `python3 launch.py bench` there."
)

NO_FOLDER = "--chart {} lies in a folder that is not there. Make the folder first; nothing was measured."


class BenchOptions(NamedTuple):
    """What the command line says."""

    only: tuple[str, ...]
    rounds: int | None
    quick: bool
    chart: Path | None


def bench(invocation: Invocation, output: Output, options: BenchOptions) -> int:
    """Runs them to their end; their exit code."""
    project = project_folder()
    if not (project / "scripts" / "bench").is_dir():
        return output.refused(malformed(WITHOUT_THE_FOLDER.format(project)))
    if options.chart and not options.chart.absolute().parent.is_dir():
        return output.refused(malformed(NO_FOLDER.format(options.chart)))
    config = invocation.set_up()
    disk = _standing(config.storage.storage_root)
    words = ["--dir", str(disk), "--database", *(word for work in options.only for word in ("--only", work))]
    words += ["--rounds", str(options.rounds)] if options.rounds else []
    words += ["--quick"] if options.quick else []
    words += ["--json"] if output.as_json else []
    words += ["--chart", str(options.chart.absolute())] if options.chart else []
    sys.stdout.flush()
    command, database = [sys.executable, "-m", "scripts.bench", *words], json.dumps(dict(config.database.environment()))
    return subprocess.run(command, cwd=project, input=database, text=True, check=False).returncode


def _standing(path: Path) -> Path:
    """A folder, or the nearest above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
