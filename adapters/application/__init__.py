"""The use cases, one module a subject; Discord, HTTP, the command line and the library call the same ones.

Each is a function whose first argument is the storage: `Storage` where something may change, any `ReadableStorage`
where it is only read. What changes something is named by a verb: a coroutine has the plain name, what blocks until the
change is durable ends in `_blocking`. A reading is named for its answer; it comes from memory unless its docstring says
that it is for a worker.
"""
