"""`abby serve` and `abby bot`: hand the configuration to `main`, which runs until it is told to stop."""

from __future__ import annotations

import sys

from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.main import serve
from adapters.observability.logs import configure_logging


def serve_until_stopped(invocation: Invocation, _output: Output) -> int:
    """Runs the service, with the bot where it has a token; its exit code."""
    return _serve(invocation, bot_alone=False)


def run_bot_until_stopped(invocation: Invocation, _output: Output) -> int:
    """Runs the bot alone; its exit code."""
    return _serve(invocation, bot_alone=True)


def _serve(invocation: Invocation, *, bot_alone: bool) -> int:
    config = invocation.config()
    configure_logging(config, is_service=True)
    return serve(config, sys.stdout, bot_alone=bot_alone)
