"""A program: a crowd at a studio over a real store, all at the same moment. It is told a root, the address of the
service and a plan, and tells its figures.

An answer is dropped as soon as it is there, as by a program that has sent it on.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from adapters.application.reading import quota_status
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.providers import ProviderSettings
from adapters.generation.stability import make_provider
from adapters.studio import Generated, GenerationOutcome, Studio, StudioSettings
from adapters.wording.failures import sentence_of_failure
from domain.commands import SetPolicy
from domain.refusals import Refusal
from tests.adapters.studio.loop_watch import LoopWatch, piece_ms
from tests.adapters.studio.plan import SMALL_ENGINE, Plan
from tests.adapters.studio.slow_service import picture
from tests.emulators.stability import KEY

ROOM_BYTES = 10**12
PROCESS_STATUS = Path("/proc/self/status")


async def ask_together(studio: Studio, store: Storage, plan: Plan) -> dict[str, Any]:
    """All requests of a plan at once; what came of them."""
    request = _request(plan)
    users = [f"u{number}" for number in range(plan.users)]
    answers: Counter[str] = Counter()
    sizes: list[int] = []
    before, began = peak_bytes(), perf_counter()

    async def ask(user: str, number: int) -> None:
        answer = await studio.generate(user, request, idempotency_key=f"{user}-{number}")
        answers[_kind(answer)] += 1
        if isinstance(answer, Generated):
            sizes.extend(len(shown.data) for shown in answer.pictures)

    async with LoopWatch() as watch:
        await asyncio.gather(*(ask(user, number) for number in range(plan.each) for user in users))
    peak = peak_bytes()
    return {
        "answers": answers,
        "used": [quota_status(store, user)["daily"]["used"] for user in users],
        "largest_answer_bytes": max(sizes, default=0),
        "all_answers_bytes": sum(sizes),
        "grown_bytes": None if peak is None or before is None else peak - before,
        "gap_ms": round(watch.gap_ms, 1),
        "own_ms": round(watch.own_ms, 1),
        "process_ms": round(watch.process_ms, 1),
        "piece_ms": round(piece_ms(), 1),
        "seconds": round(perf_counter() - began, 1),
    }


def _request(plan: Plan) -> GenerationRequest:
    operation = Operation(plan.operation)
    image = None if operation is Operation.TEXT_TO_IMAGE else picture(plan.size)
    if operation is Operation.UPSCALE:
        return GenerationRequest(operation, width=plan.width, image=image)
    return GenerationRequest(operation, "a cat", width=plan.side, height=plan.side, image=image)


def _kind(answer: GenerationOutcome) -> str:
    match answer:
        case Generated(pictures=pictures):
            return "kept" if all(shown.image is not None for shown in pictures) else "not kept"
        case Refusal(reason=reason):
            return reason.value
        case failure:
            return sentence_of_failure(failure)


def peak_bytes() -> int | None:
    """The most memory that this process ever had, as Linux tells it; None elsewhere."""
    if not PROCESS_STATUS.exists():
        return None
    (line,) = (line for line in PROCESS_STATUS.read_text("utf-8").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024


async def main(root: Path, address: str, plan: Plan) -> None:
    """One crowd, from opening the root to closing it."""
    settings = ProviderSettings(api_key=KEY, api_host=address)
    if plan.side < 1_024:
        settings = ProviderSettings(api_key=KEY, api_host=address, stability_model=SMALL_ENGINE)
    limits = SetPolicy(daily=plan.daily, user_bytes=ROOM_BYTES, pool_bytes=ROOM_BYTES)
    generator = Generator(make_provider(settings))
    with closing(open_store(root, limits=limits)) as store:
        studio = Studio(store, generator, StudioSettings(at_once=plan.at_once))
        try:
            figures = await ask_together(studio, store, plan)
        finally:
            await studio.close()
            await generator.aclose()
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], Plan(**json.loads(sys.argv[3]))))
