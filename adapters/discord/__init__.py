"""The Discord bot: Abby's commands, buttons and messages, over the studio and the storage that all adapters share."""
