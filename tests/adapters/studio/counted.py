"""A studio over a storage root whose provider counts what it is asked: nothing is paid that cannot be kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adapters.application.readiness import readiness_of
from adapters.application.reading import quota_status
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import DiskFull, Fault, StorageUnavailable
from adapters.studio import Generated, GenerationOutcome, Studio, StudioSettings
from domain.commands import SetPolicy
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat")
STAGED, USERS, HOME = "images/.staged", "images/users", "images/users/1"
KIND, DETAILS, DETAILS_OF_KIND = f"{HOME}/text_to_image", f"{HOME}/.details", f"{HOME}/.details/text_to_image"


class Counted:
    """A studio with a provider that counts, over one storage root."""

    def __init__(self, root: Path, files: Files, limits: SetPolicy = SetPolicy(daily=50)) -> None:  # noqa: B008 - immutable
        self.root = root
        self.provider = InMemoryProvider()
        self.store = open_store(root, limits=limits, files=files)
        self.studio = Studio(self.store, Generator(self.provider), StudioSettings(at_once=1))

    async def ask(self, user: str = "1", request: GenerationRequest = CAT) -> GenerationOutcome | Fault:
        """One picture, or the fault that its caller is told."""
        try:
            return await self.studio.generate(user, request)
        except Fault as fault:
            return fault

    async def is_kept(self) -> bool:
        """Whether a picture is made and kept."""
        made = await self.ask()
        return isinstance(made, Generated) and all(picture.image for picture in made.pictures)

    @property
    def manager(self) -> StorageManager:
        """The library's calls over the same store."""
        return StorageManager.over(self.store)

    @property
    def paid(self) -> int:
        """How often the provider was asked."""
        return len(self.provider.asked)

    @property
    def charged(self) -> tuple[int, float]:
        """What the user has used of the day, and holds."""
        status = quota_status(self.store, "1")
        return status["daily"]["used"], status["user"]["reserved_mb"]


async def assert_refused_until(counted: Counted, mend: Callable[[], object], cause: str, *, full: bool = False) -> None:
    """Requests are refused unpaid and uncharged, readiness says why; once it is mended the very next one is kept."""
    before, paid = events_of(counted.root), counted.paid
    for _ in range(2):
        fault = await counted.ask()
        assert isinstance(fault, DiskFull if full else StorageUnavailable), fault
    readiness = readiness_of(counted.store)
    assert (readiness.ready, readiness.degraded) == (True, True)
    assert any(cause in note for note in readiness.notes), readiness.notes
    ok, message, _ = await counted.manager.reserve("1", operation="text_to_image")
    assert (ok, message.startswith("Error reserving: ")) == (False, True)
    assert (counted.paid, events_of(counted.root)) == (paid, before)
    mend()
    assert await counted.is_kept()
    assert readiness_of(counted.store)[:3] == (True, False, ())
    assert counted.paid == paid + 1
    assert_disk_and_log_agree(counted.root)
