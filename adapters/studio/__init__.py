"""The use case reserve -> generate -> save, shared by Discord, HTTP, the command line and other programs."""

from adapters.studio.jobs import Begun, Generated, GenerationOutcome, Picture, Progress, StudioSettings
from adapters.studio.standing import Standing
from adapters.studio.studio import Studio
from adapters.studio.waiting import WaitingRequest, Whose

__all__ = [
    "Begun",
    "Generated",
    "GenerationOutcome",
    "Picture",
    "Progress",
    "Standing",
    "Studio",
    "StudioSettings",
    "WaitingRequest",
    "Whose",
]
