"""A user's own default style: the one they chose, and `enhance` before that."""

from __future__ import annotations

from adapters.application.reading import preference_of
from adapters.discord.bot import Interaction
from adapters.ports.faults import Fault

STYLE = "style"
"""The name of the preference in the log."""
FIRST_STYLE = "enhance"


def style_of(interaction: Interaction) -> str:
    """The style for pictures whose request names none."""
    try:
        return preference_of(interaction.client.store, str(interaction.user.id), STYLE) or FIRST_STYLE
    except Fault:
        return FIRST_STYLE  # the fault is told when the picture is to be reserved
