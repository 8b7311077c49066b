"""The default style of whoever asks, also where the storage cannot say."""

from __future__ import annotations

from adapters.application.default_style import FIRST_STYLE, default_style
from adapters.discord.bot import Interaction
from adapters.ports.faults import Fault


def style_of(interaction: Interaction) -> str:
    """The style for pictures whose request names none."""
    try:
        return default_style(interaction.client.store, str(interaction.user.id))
    except Fault:
        return FIRST_STYLE  # the fault is told when the picture is to be reserved
