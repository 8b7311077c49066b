"""Rules of readiness: what was recorded and answered, and could not be carried out on the disk, is counted and
named.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.readiness import readiness_of
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.refusals import Refusal
from tests.adapters.application.stuck_disk import StuckDisk
from tests.hostile.builders import png

PROJECT = Path(__file__).parents[3]


def save(store: Storage, name: str, *, temp: bool = False) -> None:
    """An image of ada."""
    assert not isinstance(asyncio.run(save_image(store, NewImage("ada", png(), name=name, temp=temp))), Refusal)


def test_files_that_could_not_be_removed_or_moved_are_counted_until_they_are(tmp_path: Path) -> None:
    """Each deletion and save was answered; once the disk lets go, a sweep is enough."""
    disk = StuckDisk()
    store = open_store(tmp_path, files=disk)
    save(store, "a.png")
    save(store, "t.png", temp=True)
    assert readiness_of(store).notes == ()
    disk.stuck = True
    delete_image_blocking(store, "ada", "a.png")
    clean_up_blocking(store, 0)
    save(store, "b.png")
    refused, gone, placed = readiness_of(store).notes
    assert refused.startswith("Pictures cannot be kept, so none is asked for: ")
    assert readiness_of(store).degraded
    assert gone.startswith("Deleted, and still on the disk: 2 files, among them ada/a.png, ada/t.png (Permission")
    assert placed.startswith("Kept, and not in place yet: 1 file, among them ada/b.png (Permission")
    assert [(name.name, name.stands) for name in store.opened().images.left_undone()] == [
        ("a.png", False),
        ("t.png", False),
        ("b.png", True),
    ]
    store.close()
    again = open_store(tmp_path, files=disk)
    assert len(readiness_of(again).notes) == 3, "a start that fails at the same says the same"
    disk.stuck = False
    again.opened().sweep()
    assert not readiness_of(again).degraded
    assert again.opened().images.left_undone() == []
    again.close()


WITHOUT_THE_RIGHT = """
    import asyncio, os, sys
    from pathlib import Path
    from adapters.application.deleting import delete_image_blocking
    from adapters.application.readiness import readiness_of
    from adapters.application.saving import NewImage, save_image
    from adapters.audit.comparison import audit
    from adapters.engines.choice import default_engine
    from adapters.engines.opening import open_store
    from tests.hostile.builders import png

    root, folder = Path(sys.argv[1]), Path(sys.argv[1]) / "images" / "users" / "ada"
    os.chown(root, 65534, 65534)
    os.setuid(65534)
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png(), name="a.png")))
    folder.chmod(0o555)
    delete_image_blocking(store, "ada", "a.png")
    asyncio.run(save_image(store, NewImage("ada", png(), name="b.png")))
    print(*readiness_of(store).notes, sep="\\n")
    store.close()
    engine = default_engine()
    print(*(f"{found.kind}: {found.path}" for found in audit(root, engine.verify(root), engine=engine).findings))
    folder.chmod(0o755)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="another account is needed")
def test_a_folder_that_may_not_be_changed_is_told() -> None:
    """On the real disk, by an account that is not its master: nothing pretends that all agree."""
    with TemporaryDirectory() as root:  # pytest's own folders are closed to other accounts
        command = [sys.executable, "-c", textwrap.dedent(WITHOUT_THE_RIGHT), root]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    assert "still on the disk: 1 file, among them ada/a.png (Permission denied)" in done.stdout
    assert "not in place yet: 1 file, among them ada/b.png (Permission denied)" in done.stdout
    assert "not gone: images/users/ada/a.png" in done.stdout
    assert "not in place: images/users/ada/b.png" in done.stdout
