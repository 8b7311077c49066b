"""The commands on the tokens of programs that ask over HTTP."""
