"""Generator: makes images with one provider, in steps that can be taken one by one.

Answers for checking a request, for asking the provider, for what the pictures of all providers have in common (they are
pictures of a format that is kept, and an upscale has the width that was asked for). It keeps no limits and saves
nothing: that is the ledger's and the storage's work.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from adapters.generation.image_url import ImageFetcher
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    Provider,
    RequestLimits,
    ignore_fraction,
    joined,
)
from adapters.generation.providers import UnavailableProvider
from adapters.generation.request_check import check_request
from adapters.generation.taxonomy import FILTERED, THE_SERVICE, not_as_promised, unusable_input
from adapters.images.keepable import PictureTooLarge, keepable
from adapters.images.shaping import (
    ClosedMeanwhile,
    DamagedPicture,
    PictureWorkers,
    ShapedPicture,
    of_width,
    size_of,
)
from adapters.ports.failure_reasons import Instead, PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import LargestAlready, WideAlready

UPSCALE_WIDTH = 2048
"""Pixels, where none are asked for."""
NO_PICTURE = not_as_promised(THE_SERVICE, Instead.NO_PICTURE)
NOT_PICTURES = not_as_promised(THE_SERVICE, Instead.NOT_A_PICTURE)
CLOSED = GenerationFailure(PlainReason.GENERATOR_CLOSED)


class Generator:
    """Makes images with one provider; needs no running event loop until an image is asked for. For one event loop at a
    time.
    """

    def __init__(self, provider: Provider | None = None, fetcher: ImageFetcher | None = None) -> None:
        """A class below this one says what is used where one of the two is not given, when it is first needed."""
        self._provider = provider
        self._fetcher = fetcher
        self._workers = PictureWorkers()
        self._finishing = PictureWorkers()  # what was paid for waits for no input
        self._closed = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def provider(self) -> Provider:
        """The provider in use; the first look chooses it where none was given."""
        if self._provider is None:
            self._provider = self._choose_provider()
        return self._provider

    def _choose_provider(self) -> Provider:
        raise AssertionError("a generator is given its provider")

    def _make_fetcher(self) -> ImageFetcher:
        """By itself a generator fetches from no host."""
        return ImageFetcher(())

    @property
    def unavailable(self) -> GenerationFailure | None:
        """Why no image can be made at all, None where a provider is chosen, whether or not it works at the moment."""
        return self.provider.failure if isinstance(self.provider, UnavailableProvider) else None

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request as the provider takes it, or the reason why it would be refused unpaid: ask before reserving."""
        if self._closed:
            return CLOSED
        return self.provider.outage() or await self.as_taken(request)

    async def as_taken(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The same, also while the provider is left alone; it is not asked."""
        try:
            wanted = await self._checked(request, self.provider.limits)
            if isinstance(wanted, GenerationFailure):
                return wanted
            prepared = await self.provider.prepare(wanted.request)
        except DamagedPicture as error:
            return unusable_input(error)
        except ClosedMeanwhile:
            return CLOSED
        if isinstance(prepared, GenerationFailure):
            return prepared
        return prepared._replace(note=joined(wanted.note, prepared.note))

    async def ask(
        self, prepared: Prepared, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """The provider's answer to what was prepared, for `finish`. Who cancels this gives the answer up."""
        return await self.provider.generate(prepared.request, on_fraction)

    async def finish(
        self, prepared: Prepared, result: GenerationResult | GenerationFailure
    ) -> GenerationResult | GenerationFailure:
        """The answer as it is given out: each picture of it is one, and an upscale is as wide as asked.

        What is no picture is left out. A result without pictures is one whose pictures were all filtered.
        """
        if isinstance(result, GenerationFailure):
            return result
        finished = [await self._finished(image, prepared.request) for image in result.images]
        images = tuple(image for image in finished if image is not None)
        if not images and not result.filtered:
            return NOT_PICTURES if result.images else NO_PICTURE
        missing = prepared.request.count - len(images) - result.filtered
        few = f"{missing} of the {prepared.request.count} pictures did not come; nothing is counted for that."
        return replace(result, images=images, note=joined(prepared.note, few if missing > 0 else "", result.note))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Check and prepare the request, then make its images."""
        prepared = await self.prepare(request)
        if isinstance(prepared, GenerationFailure):
            return prepared
        result = await self.finish(prepared, await self.ask(prepared, on_fraction))
        return FILTERED if isinstance(result, GenerationResult) and not result.images else result

    async def input_image(self, image: bytes | str) -> bytes | GenerationFailure:
        """The bytes of an input image: as they are, or fetched where its https address is given."""
        if not isinstance(image, str):
            return image
        return await self._image_fetcher().fetch(image)

    def refuses_address(self, address: str) -> GenerationFailure | None:
        """Why an address is not even looked up, None where it may be asked for its image."""
        return self._image_fetcher().refuses(address)

    def _image_fetcher(self) -> ImageFetcher:
        if self._fetcher is None:
            self._fetcher = self._make_fetcher()
        return self._fetcher

    async def upscale_of(self, image: bytes, source: str | None = None) -> GenerationRequest:
        """The request for a picture twice as wide, and at least UPSCALE_WIDTH, as far as the service goes. Of what is
        refused anyhow nobody asks how wide it is: that may take decoding it.
        """
        asked = GenerationRequest(Operation.UPSCALE, image=image, source=source)
        try:
            return await self._workers.run(_twice_as_wide, asked, self.provider.limits)
        except (DamagedPicture, ClosedMeanwhile):
            return asked  # and `prepare` says so

    def close(self) -> None:
        """Give back what the provider holds, from any place: within a running loop it is done soon, else now."""
        already, self._closed = self._closed, True
        self._workers.close()
        self._finishing.close()
        if already or self._provider is None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._provider.close())
        else:
            self._closing = loop.create_task(self._provider.close())  # kept, or the task could be collected unfinished

    async def aclose(self) -> None:
        """Give back what the provider holds, and wait for it."""
        self._closed = True
        self._workers.close()
        self._finishing.close()
        if self._provider is not None:
            await self._provider.close()

    async def _checked(self, request: GenerationRequest, limits: RequestLimits) -> Prepared | GenerationFailure:
        """The request with its width, or the first rule that it breaks. Raises DamagedPicture and ClosedMeanwhile."""
        if request.image is None:
            return _checked(request, limits)
        return await self._workers.run(_checked, request, limits)

    async def _finished(self, image: GeneratedImage, request: GenerationRequest) -> GeneratedImage | None:
        try:
            shaped: ShapedPicture = await self._finishing.run(keepable, image.data, self.provider.limits.image_bytes)
            if request.operation is Operation.UPSCALE and request.width is not None:
                shaped = await self._finishing.run(of_width, shaped.data, request.width)
        except PictureTooLarge as large:
            return replace(image, too_large=str(large))
        except DamagedPicture:
            return None
        return GeneratedImage(shaped.data, image.seed, shaped.media_type)


def _twice_as_wide(asked: GenerationRequest, limits: RequestLimits) -> GenerationRequest:
    if asked.image is None or check_request(asked, limits) is not None:
        return asked
    width, _ = size_of(asked.image)
    widest = min(limits.upscale_width_max, width * (limits.upscale_times_max or limits.upscale_width_max))
    return replace(asked, width=min(max(UPSCALE_WIDTH, 2 * width), widest))


def _checked(request: GenerationRequest, limits: RequestLimits) -> Prepared | GenerationFailure:
    """The request, an upscale with the width that its result will have, or why it is refused. Raises DamagedPicture."""
    if broken := check_request(request, limits):
        return broken
    if request.operation is not Operation.UPSCALE or request.image is None:
        return Prepared(request)
    width, height = size_of(request.image)
    wanted = request.width or UPSCALE_WIDTH
    if width >= limits.upscale_width_max:
        return GenerationFailure(LargestAlready(width, height))
    if wanted <= width:
        return GenerationFailure(WideAlready(width, wanted))
    fitted = min(wanted, int(math.sqrt(limits.upscale_pixels * width / height)))
    if fitted <= width:
        return GenerationFailure(LargestAlready(width, height))
    size = f"{fitted} by {max(1, round(fitted * height / width))} pixels"
    note = "" if fitted == wanted else f"It is {size}, the largest that is made of this shape."
    return Prepared(replace(request, width=fitted), note)
