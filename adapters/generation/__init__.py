"""Making pictures: one generator, and one module per provider behind it."""

from adapters.generation.generator import Generator
from adapters.generation.provider import (
    STYLES,
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    Operation,
    Provider,
    RequestLimits,
)
from adapters.generation.providers import ProviderSettings, UnavailableProvider, choose_provider
from adapters.generation.request_check import check_request
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure

__all__ = [
    "STYLES",
    "FailureKind",
    "GeneratedImage",
    "GenerationFailure",
    "GenerationRequest",
    "GenerationResult",
    "Generator",
    "Operation",
    "Provider",
    "ProviderSettings",
    "RequestLimits",
    "UnavailableProvider",
    "check_request",
    "choose_provider",
]
