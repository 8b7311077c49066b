"""The exit codes of a picture that could not be made, by the kind of the provider's failure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.cli.exits import Exit
from adapters.cli.output import Refused
from adapters.generation.provider import FaultKind, GenerationFault

GENERATION_EXITS: Mapping[FaultKind, Exit] = MappingProxyType(
    {
        FaultKind.AUTH: Exit.UNAVAILABLE,
        FaultKind.NO_CREDIT: Exit.UNAVAILABLE,
        FaultKind.MODERATED_PROMPT: Exit.REFUSED,
        FaultKind.MODERATED_OUTPUT: Exit.REFUSED,
        FaultKind.BAD_REQUEST: Exit.USAGE,
        FaultKind.RATE_LIMITED: Exit.UNAVAILABLE,
        FaultKind.UPSTREAM: Exit.UNAVAILABLE,
        FaultKind.UNAVAILABLE: Exit.UNAVAILABLE,
        FaultKind.UNKNOWN: Exit.UNAVAILABLE,
    }
)


def not_made(fault: GenerationFault) -> Refused:
    """A provider's failure as it is told; its message is for people already."""
    return Refused(fault.kind.value, fault.message, GENERATION_EXITS[fault.kind])
