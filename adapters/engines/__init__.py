"""The choice of engines, and storage roots opened with it: what keeps the log. Beside this room only an engine's own
folder knows it by its name; the rest of the program knows the ports.

`choice` says which engine it is, `opening` opens a root for writing, `following` beside its writer.
"""
