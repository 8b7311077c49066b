"""The choice of engines, and storage roots opened with it: what keeps the log, and the bytes of images. Beside this
room only an engine's own folder knows it by its name; the rest of the program knows the ports.

`choice` says which engines these are, `opening` opens a root for writing, `following` beside its writer.
"""
