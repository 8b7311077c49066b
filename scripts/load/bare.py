"""The peer: a bare aiohttp handler that gives a constant, for any path, in a process of its own.

`python -m scripts.load.bare BYTES` prints its port. It reads a body where there is one, and has no middleware.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def serve(size_bytes: int) -> None:
    """Listens until the process is ended."""
    body = b'"' + b"x" * (size_bytes - 2) + b'"'

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"PORT {runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
