"""`abby serve`: hands the configuration to the composition root, which runs until it is told to stop."""

from __future__ import annotations

import sys

from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.logs import configure_logging


def serve_until_stopped(invocation: Invocation, _output: Output) -> int:
    """Runs the service; its exit code."""
    from adapters.main import serve

    config = invocation.config()
    configure_logging(config)
    return serve(config, sys.stdout)
