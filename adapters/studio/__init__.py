"""The use case reserve -> generate -> save, shared by Discord, HTTP, the command line and other programs."""

from adapters.studio.jobs import Answer, Generated, Picture, Progress, StudioSettings
from adapters.studio.studio import Studio

__all__ = ["Answer", "Generated", "Picture", "Progress", "Studio", "StudioSettings"]
