"""A picture that was paid for is kept whatever is in its file, and whatever its prompt says."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from adapters.application.reading import image_bytes
from adapters.application.results import SavedImage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GeneratedImage, GenerationRequest, Operation
from adapters.images.check import check_image
from adapters.studio import Generated, Studio
from adapters.studio.jobs import StudioSettings
from domain.commands import SetPolicy
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer
from tests.hostile.payloads import PAYLOADS
from tests.hostile.polyglots import Polyglot, polyglots

PROMPT = "a sign: " + "".join(PAYLOADS[name].decode("latin-1") for name in ("zip", "html", "php"))


async def test_no_part_of_its_file_and_no_word_keeps_a_paid_picture_from_being_kept(
    tmp_path: Path, thorough: bool
) -> None:
    """One payload for each place, of the long form all: each is charged and kept, and the file passes the check."""
    everything = [made for made in polyglots() if made.place != "before"]
    chosen = everything if thorough else list({(made.format, made.place): made for made in everything}.values())
    waiting: list[Polyglot] = []
    provider = InMemoryProvider()

    async def make(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([GeneratedImage(waiting.pop().data, 1, "image/png")])

    provider.make = make
    with closing(open_store(tmp_path, limits=SetPolicy(daily=1_000))) as store:
        studio = Studio(store, Generator(provider), StudioSettings(prompt_in_image=True))
        for made in chosen:
            waiting.append(made)
            asked = GenerationRequest(Operation.TEXT_TO_IMAGE, PROMPT.replace("\0", " "))
            generated = await studio.generate("1", asked)
            assert isinstance(generated, Generated), (made.id, generated)
            saved = generated.pictures[0].image
            assert isinstance(saved, SavedImage), (made.id, saved)
            kept = await asyncio.to_thread(image_bytes, store, "1", saved.name)
            assert kept == generated.pictures[0].data, made.id
            check_image(kept, max_bytes=1 << 20)
        await studio.close()
