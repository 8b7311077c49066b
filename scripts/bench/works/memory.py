"""Memory: what a user takes beyond their images, and what an image takes, as Python counts it (tracemalloc)."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

import orjson

from adapters.ledger.codec import encode
from adapters.ledger.projector import Projector
from adapters.ports.event_log import VerifiedEvent
from domain.events import Event, GenerationReleased, GenerationReserved, ImageSaved, PreferenceSet
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, alone
from scripts.bench.logs import user_name
from scripts.bench.peer import GEN_BYTES, IMAGE_BYTES, SHA256

A_USER = Bar(600, at_least=False, absolute=True)
AN_IMAGE = Bar(300, at_least=False, absolute=True)
IMAGES_A_USER = 10
THEN, LATER = "2026-01-01T12:00:00.000000Z", "2026-01-09T12:00:00.000000Z"


def measure(bench: Bench) -> Iterator[Figure]:
    """Of users who made something one day, and of the images they keep."""
    bench.tell("memory")
    user, image = apart(bytes_of_a_user_and_an_image, bench.sizes.counted_users)
    yield alone(Case("memory", "a user beyond their images", "bytes", "", A_USER), [user])
    yield alone(Case("memory", "a kept image", "bytes", "", AN_IMAGE), [image])


def bytes_of_a_user_and_an_image(users: int) -> tuple[float, float]:
    """Both, from histories that are taken in as a start does it."""
    _bytes_of(1, 1)  # what is made once, such as the expressions of the events, belongs to nobody
    without = _bytes_of(users, 0)
    return without / users, (_bytes_of(users, IMAGES_A_USER) - without) / (users * IMAGES_A_USER)


def _bytes_of(users: int, images: int) -> int:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    projector = Projector()
    for position, event in enumerate(_history(users, images), 1):
        stored = encode(event)
        projector.take(VerifiedEvent(position, position, stored.type, stored.tags, orjson.loads(stored.data)))
    projector.state.tidy()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert projector.state.position
    return taken


def _history(users: int, images: int) -> Iterator[Event]:
    for number in range(users):
        user, reservation = user_name(number), f"{number:032x}"
        yield GenerationReserved(
            at=THEN,
            user=user,
            by="library",
            reservation=reservation,
            operation="text_to_image",
            count=1,
            bytes_each=GEN_BYTES,
            expires_at=THEN,
        )
        yield GenerationReleased(
            at=THEN, user=user, by="library", reservation=reservation, count=1, delivered=0, reason="failed", refunded=1
        )
    for number in range(users * images):
        user, name = user_name(number % users), f"text_to_image/image_{number // users + 1}.png"
        yield ImageSaved(
            at=THEN,
            user=user,
            by="cli",
            name=name,
            bytes=IMAGE_BYTES,
            replaced_bytes=0,
            sha256=SHA256,
            media_type="image/png",
            width=64,
            height=64,
            operation="adopted",
            temp=False,
            staged=f"{number:032x}",
        )
    yield PreferenceSet(LATER, "somebody", "page", "style", "anime")
