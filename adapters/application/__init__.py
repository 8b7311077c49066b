"""The use cases, one module a subject; Discord, HTTP, the command line and the library call the same ones."""
