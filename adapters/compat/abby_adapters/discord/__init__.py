"""Holds `abby_adapters.discord.config`; the bot itself is started by `abby bot`."""
