"""The commands, by who needs them: those that make pictures, those about one's own, and the managers'."""
