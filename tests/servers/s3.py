"""A store of objects on loopback that speaks as S3 does, one for all tests of a process; each test has a bucket."""

from __future__ import annotations

import http.client
import logging
from functools import cache
from uuid import uuid4

from moto.server import ThreadedMotoServer

from adapters.ports.object_place import ObjectPlace

HOST = "127.0.0.1"
REGION = "us-east-1"
KEY_ID, SECRET = "AKIAEXAMPLE", "secret-of-the-bucket"


@cache
def server_port() -> int:
    """The port of the server, which is started by the first who asks and ends with the process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    return int(server.get_host_and_port()[1])


def new_bucket(name: str = "") -> str:
    """An empty bucket."""
    name = name or f"abby-{uuid4().hex}"
    connection = http.client.HTTPConnection(HOST, server_port(), timeout=30)
    connection.request("PUT", f"/{name}")
    answer = connection.getresponse()
    assert answer.status == http.HTTPStatus.OK, answer.read()
    connection.close()
    return name


def place_in(bucket: str, *, prefix: str = "kept/here", port: int | None = None) -> ObjectPlace:
    """A place in a bucket, by way of another port where one is given."""
    return ObjectPlace(
        bucket,
        prefix,
        endpoint=f"http://{HOST}:{port or server_port()}",
        region=REGION,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
    )
