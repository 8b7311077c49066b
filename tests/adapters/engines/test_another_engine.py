"""That the log's port is one: the storage, its reader, adoption, the audit and the commands on a log in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from adapters.adoption.adoption import Plan, Terms, adopt, dry_run, plan
from adapters.adoption.tally import Adoption
from adapters.application.deleting import delete_image
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_names, quota_status, recorded_of
from adapters.application.results import DeletedImage, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.audit.comparison import audit
from adapters.cli import main
from adapters.disk.files import Files
from adapters.engines.choice import image_stores
from adapters.engines.following import open_reader
from adapters.engines.opening import open_store
from adapters.ledger import snapshotting
from adapters.ports.clock import utc_now
from adapters.ports.engines import Engines
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import LogLocked, LogMissing
from domain.commands import SetPolicy
from domain.limits import Limits
from domain.refusals import Reason, Refusal
from tests.adapters.engines.in_memory import NO_SALVAGE, InMemoryEngine
from tests.hostile.builders import png

MODULE = "tests.adapters.engines.in_memory"


def assert_no_file_of_a_log(root: Path) -> None:
    """Nothing of the root was written but images, and what is being done to them."""
    assert not (root / "logs").exists()


async def test_a_storage_root_opens_saves_refuses_deletes_and_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another start knows the same, by a snapshot; the audit finds log and files agreed."""
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    engine: EventLogEngine = InMemoryEngine()
    store = open_store(tmp_path, engine=engine, limits=SetPolicy(daily=2))
    for name in ("a.png", "b.png"):
        assert isinstance(await save_image(store, NewImage("ada", png(), name=name), idempotency_key=name), SavedImage)
    refused = await save_image(store, NewImage("ada", png(), name="c.png"))
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.DAILY_LIMIT
    assert isinstance(await delete_image(store, "ada", "a.png"), DeletedImage)
    assert readiness_of(store).ready
    assert engine.holder(tmp_path) is not None
    with closing(open_reader(tmp_path, engine=engine)) as reader:
        assert (image_names(reader, "ada"), quota_status(reader, "ada")) == (["b.png"], quota_status(store, "ada"))
    status, events = quota_status(store, "ada"), recorded_of(store, "ada", 100)
    store.close()
    assert engine.holder(tmp_path) is None
    again = open_store(tmp_path, engine=engine)
    assert again.opened().recorder.resumed == status["position"]
    assert (quota_status(again, "ada"), recorded_of(again, "ada", 100)) == (status, events)
    repeated = await save_image(again, NewImage("ada", png(), name="b.png"), idempotency_key="b.png")
    assert isinstance(repeated, SavedImage)
    assert repeated.replayed
    again.close()
    report = engine.verify(tmp_path)
    assert (report.is_whole, report.positions) == (True, status["position"])
    done = audit(tmp_path, report, engine=engine)
    assert (done.agrees, done.images, done.position) == (True, 1, status["position"])
    assert_no_file_of_a_log(tmp_path)


def test_one_writer_and_no_new_log_beside_images(tmp_path: Path) -> None:
    """What the engine refuses is refused, whoever it is."""
    engine = InMemoryEngine()
    with pytest.raises(LogMissing):
        open_reader(tmp_path, engine=engine)
    store = open_store(tmp_path, engine=engine)
    with pytest.raises(LogLocked):
        engine.open_for_writing(tmp_path, clock=utc_now)
    store.close()
    (tmp_path / "other" / "images" / "users").mkdir(parents=True)
    with pytest.raises(LogMissing):
        open_store(tmp_path / "other", engine=engine)


def test_existing_images_are_adopted_into_it(tmp_path: Path) -> None:
    """A dry run first, which changes nothing; then the images stand."""
    before = tmp_path / "before" / "images" / "users" / "ada" / "a.png"
    before.parent.mkdir(parents=True)
    before.write_bytes(png())
    engine, files, root = InMemoryEngine(), Files(), tmp_path / "root"
    planned = plan(root, tmp_path / "before", files)
    assert isinstance(planned, Plan)
    terms = Terms(
        clock=utc_now,
        max_image_bytes=10**6,
        limits=Limits(),
        progress=lambda _done, _total: None,
        engines=Engines(engine, image_stores(files)),
        files=files,
    )
    for work in (dry_run, adopt):
        carry_out: Callable[[Plan, Terms], Adoption | Refusal] = work
        assert engine.exists(root) is False
        adopted = carry_out(planned, terms)
        assert isinstance(adopted, Adoption)
        assert adopted.images == 1
    with closing(open_reader(root, engine=engine)) as reader:
        assert image_names(reader, "ada") == ["a.png"]


def test_the_commands_find_it_by_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command that opens, reads or checks the log does so with the configured engine."""
    monkeypatch.setenv("PERSISTENCE_MODULE", MODULE)
    monkeypatch.setenv("GENERATOR", "sketch")
    env_file, root = tmp_path / "settings.env", tmp_path / "root"
    env_file.write_text("", encoding="utf-8")

    def abby(*words: str) -> tuple[int, list[dict[str, object]]]:
        capsys.readouterr()
        code = main(["--root", str(root), "--env-file", str(env_file), *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert abby("cleanup")[0] == 65
    made = ("generate", "a hill", "--user", "ada", "--width", "64", "--height", "64")
    assert abby(*made)[0] == 0
    code, events = abby("events")
    assert (code, events[-1]["type"]) == (0, "ImageSaved")
    code, [report] = abby("verify")
    assert (code, report["whole"], report["positions"]) == (0, True, len(events))
    assert report["log"] == f"in memory, of {root}"
    code, [status] = abby("status", "ada")
    assert (code, status["position"]) == (0, len(events))
    code, [compared] = abby("audit")
    assert (code, compared["agrees"], compared["images"]) == (0, True, 1)
    code, [health] = abby("doctor")
    assert (code, health["worst"] in {"OK", "WARN"}) == (0, True)
    code, [fault] = abby("salvage", "--to", str(tmp_path / "new"))
    assert (code, NO_SALVAGE.format(root, tmp_path / "new") in json.dumps(fault)) == (78, True)
    assert_no_file_of_a_log(root)


def test_a_setting_that_names_no_engine_ends_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the code of a setting that cannot be used, and nothing is made; `doctor` tells it among its findings."""
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.dcb.popo")
    env_file, root = tmp_path / "settings.env", tmp_path / "root"
    env_file.write_text("", encoding="utf-8")
    for words in (["serve"], ["users"], ["events"], ["verify"], ["audit"], ["cleanup"], ["clock-corrected"]):
        assert main(["--root", str(root), "--env-file", str(env_file), *words]) == 78, words
        assert "PERSISTENCE_MODULE=eventsourcing.dcb.popo: " in capsys.readouterr().err
    assert main(["--root", str(root), "--env-file", str(env_file), "doctor"]) == 1
    assert "PERSISTENCE_MODULE=eventsourcing.dcb.popo" in " ".join(capsys.readouterr().out.split())
    assert not root.exists()
