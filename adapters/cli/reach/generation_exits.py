"""The exit codes of a picture that could not be made, by the kind of the provider's failure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.cli.exits import Exit
from adapters.cli.output import Refused
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.wording.failures import sentence_of_failure

GENERATION_EXITS: Mapping[FailureKind, Exit] = MappingProxyType(
    {
        FailureKind.AUTH: Exit.UNAVAILABLE,
        FailureKind.NO_CREDIT: Exit.UNAVAILABLE,
        FailureKind.MODERATED_PROMPT: Exit.REFUSED,
        FailureKind.MODERATED_OUTPUT: Exit.REFUSED,
        FailureKind.BAD_REQUEST: Exit.USAGE,
        FailureKind.RATE_LIMITED: Exit.UNAVAILABLE,
        FailureKind.UPSTREAM: Exit.UNAVAILABLE,
        FailureKind.UNAVAILABLE: Exit.UNAVAILABLE,
        FailureKind.GIVEN_UP: Exit.REFUSED,
        FailureKind.UNKNOWN: Exit.UNAVAILABLE,
    }
)


def not_made(failure: GenerationFailure) -> Refused:
    """A provider's failure as it is told."""
    return Refused(failure.kind.value, sentence_of_failure(failure), GENERATION_EXITS[failure.kind])
