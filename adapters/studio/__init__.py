"""The use case reserve -> generate -> save, shared by Discord, HTTP, the command line and other programs."""

from adapters.studio.jobs import Begun, Generated, GenerationOutcome, Picture, Progress, StudioSettings
from adapters.studio.studio import Studio

__all__ = ["Begun", "Generated", "GenerationOutcome", "Picture", "Progress", "Studio", "StudioSettings"]
