"""Everything that writes files, carried out in turn by one account under one umask; then what stands there is told.

A program of its own, for a umask and an account are a process's. It is given a folder and cases, each `NAME UMASK
ACCOUNT GROUP_ACCESS`, imports once and forks for each: a line of JSON a case, the mode of each path by its name. The
first case is this account's own: it tells which modules are loaded on the way, as another may not be able to read them.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import BytesIO, StringIO
from pathlib import Path
from stat import S_IMODE

from PIL import Image

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.results import SYSTEM
from adapters.application.saving import NewImage, save_image
from adapters.bootstrap.program import Program, build
from adapters.cli import main
from adapters.discord.bot_state import Remembered
from adapters.discord.pending_answers import PendingAnswer, PendingAnswers
from adapters.generation.provider import GenerationRequest, Operation
from adapters.ledger import snapshotting
from adapters.library.storage_manager import StorageManager
from adapters.settings.config import load_config
from tests.adapters.eventlog.jsonl.logs import as_killed

PAGE_OF_A_BOT = PendingAnswer(interaction=1, application=2, token="secret", user=3, at=4.0)


def png() -> bytes:
    """A small picture."""
    data = BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    return data.getvalue()


async def service(program: Program) -> None:
    """A first start with its page, saves of each kind, a replaced and a deleted image, a cleanup, a generation."""
    store, actor = program.store, SYSTEM
    assert program.http is not None
    store.opened().recorder.announce(await program.http.start())
    store.opened().mark.leave(store.opened().now())
    for name in ("a.png", "k/b.png", "a.png", "gone.png"):
        await save_image(store, NewImage("ada", png(), name=name, details={"prompt": "a secret"}))
    await save_image(store, NewImage("ada", png(), name="t.png", temp=True))
    await save_image(store, NewImage("ada", png(), name="kept.png", temp=True))
    delete_image_blocking(store, "ada", "gone.png", actor=actor)
    clean_up_blocking(store, 3650, actor=actor)
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=64, height=64)
    await program.studio.generate("ada", request, actor=actor)
    await program.http.stop()
    await program.studio.close()
    await program.generator.aclose()


def bot(root: Path) -> None:
    """What the bot notes beside the log."""
    PendingAnswers(root).note(PAGE_OF_A_BOT)
    Remembered(root).put("commands", "registered")


def commands(folder: Path, env_file: Path) -> None:
    """Those that write, and those that only look."""
    root, old = folder / "root", folder / "old"
    (old / "users" / "eve").mkdir(parents=True)
    (old / "users" / "eve" / "old.png").write_bytes(png())
    stands = root / "images" / "users" / "eve" / "in-place.png"
    stands.parent.mkdir()
    stands.write_bytes(png())
    for path in (stands.parent, stands):
        path.chmod(0o777 if path.is_dir() else 0o666)
    told = StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        for words in (
            ("adopt", str(old), "--yes"),
            ("adopt", str(root / "images"), "--yes"),
            (
                "generate",
                "--user",
                "ada",
                "a blue cat",
                "--width",
                "64",
                "--height",
                "64",
                "--out",
                str(folder / "own" / "x.png"),
            ),
            ("salvage", "--to", str(folder / "salvaged")),
            ("backup", str(folder / "backup")),
            ("restore", str(folder / "backup"), "--root", str(folder / "restored")),
            ("export", "ada", "--to", str(folder / "exported")),
            *(("doctor",), ("audit",), ("verify",), ("images", "ada"), ("cleanup", "--days", "3650")),
        ):
            code = main(["--root", str(root), "--env-file", str(env_file), *words])
            assert code in {0, 1 if words == ("doctor",) else 0}, (words, told.getvalue())


def library(root: Path) -> None:
    """A program's own save, on a log whose last batch was torn."""
    as_killed(root)
    with (root / "logs" / "events.jsonl").open("ab") as log:
        log.write(b'{"pos"')
    with StorageManager(root) as storage:
        assert storage.save_image_sync(png(), "bob", "c.png")[0]
    with StorageManager(root, read_only=True) as storage:
        storage.quota.get_quota_status("bob")


def every_flow(folder: Path, group_access: str) -> None:
    """All of them on one root, which is not there before."""
    (folder / "own").mkdir()
    env_file = folder / "own" / "settings.env"
    settings = f"GENERATOR=sketch\nHTTP_PORT=0\nMAX_USER_DAILY_GENS=50\nSTORAGE_GROUP_ACCESS={group_access}\n"
    env_file.write_text(settings, encoding="utf-8")
    snapshotting.EVENTS_AT_A_STOP = 1
    program = build(load_config({"STORAGE_ROOT": folder / "root"}, env_file))
    asyncio.run(service(program))
    program.store.close()
    bot(folder / "root")
    commands(folder, env_file)
    if group_access == "none":
        library(folder / "root")


def modes(folder: Path) -> dict[str, str]:
    """The mode of everything below a folder but what the caller made: octal, a folder's with `/` behind its name."""
    found = sorted(path for path in folder.rglob("*") if (path.relative_to(folder).parts[0]) != "old")
    return {f"{path.relative_to(folder)}{'/' * path.is_dir()}": f"{S_IMODE(path.stat().st_mode):03o}" for path in found}


def in_a_child(folder: Path, umask: int, account: int, group_access: str) -> None:
    """One case in a forked process."""
    folder.mkdir()
    os.chown(folder, account, account)
    if (child := os.fork()) == 0:
        try:
            os.umask(umask)
            if account != os.geteuid():
                os.setgroups([])
                os.setgid(account)
                os.setuid(account)
            every_flow(folder, group_access)
            if account == os.geteuid() and folder.parent.stat().st_uid == account:
                folder.with_suffix(".modules").write_text(json.dumps(sorted(sys.modules)), encoding="utf-8")
        except BaseException as error:
            sys.stderr.write(f"{folder.name}: {error!r}\n")
            raise
        finally:
            sys.stderr.flush()
            os._exit(0 if sys.exc_info()[0] is None else 1)
    assert os.waitpid(child, 0)[1] == 0, folder.name


def run() -> None:
    """All cases, one after another."""
    folder = Path(sys.argv[1])
    for number, case in enumerate(sys.argv[2:]):
        name, umask, account, group_access = case.split()
        in_a_child(folder / name, int(umask, 8), int(account), group_access)
        if number == 0:
            for module in json.loads((folder / f"{name}.modules").read_text(encoding="utf-8")):
                with suppress(ImportError):  # what came by another way than its name
                    importlib.import_module(module)
        sys.stdout.write(json.dumps(modes(folder / name)) + "\n")


if __name__ == "__main__":
    run()
