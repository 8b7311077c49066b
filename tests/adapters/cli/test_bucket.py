"""Commands where images are in a bucket: `doctor` looks at it, and what works on files refuses in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.audit import object_comparison
from adapters.cli import main
from adapters.cli.checks.bucket import bucket as look
from adapters.cli.checks.finding import Level
from adapters.engines.choice import examine_bucket
from adapters.imagestore.s3 import examining
from adapters.imagestore.s3.bucket import Bucket, Patience
from adapters.imagestore.s3.keys import OWNER
from adapters.ports.faults import ConfigError
from adapters.settings.config import load_config
from tests.adapters.cli.processes import Ran, write_env_file
from tests.servers.faulty_proxy import Fault, FaultyProxy
from tests.servers.s3 import HOST, KEY_ID, REGION, SECRET, new_bucket, place_in, server_port

InBucket = Callable[..., Ran]


def settings_of(bucket: str, local_root: Path, **others: str) -> dict[str, str]:
    """The settings that lead to a bucket."""
    return {
        "STORAGE_ROOT": f"s3://{bucket}/abby",
        "LOCAL_ROOT": str(local_root),
        "AWS_ENDPOINT_URL": f"http://{HOST}:{server_port()}",
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    } | others


@pytest.fixture
def in_bucket(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InBucket:
    """Runs a command whose settings lead to a bucket of its own."""
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    given = settings_of(new_bucket(), tmp_path / "local")

    def run(*words: str, **others: str) -> Ran:
        capsys.readouterr()
        code = main(["--env-file", str(write_env_file(tmp_path / "bucket.env", **(given | others))), *words])
        captured = capsys.readouterr()
        assert SECRET not in captured.out + captured.err
        return Ran(code, captured.out, captured.err)

    return run


def findings_of(ran: Ran) -> dict[str, Any]:
    """The findings of `doctor` by their check."""
    return {finding["check"]: finding for finding in ran.json["checks"]}


def test_what_is_made_lies_in_the_bucket_and_nothing_but_the_log_here(in_bucket: InBucket, tmp_path: Path) -> None:
    """Made, listed, exported, deleted; the log is whole."""
    made = in_bucket("generate", "a cat", "--user", "1", "--out", str(tmp_path / "cat.png"), "--json")
    assert made.code == 0, made.err
    [picture] = made.json["pictures"]
    assert (picture["image"]["path"], (tmp_path / "cat.png").exists()) == (None, True)
    name = picture["image"]["name"]
    assert [image["name"] for image in in_bucket("images", "1", "--json").json["images"]] == [name]
    assert in_bucket("export", "1", "--to", str(tmp_path / "out")).code == 0
    assert in_bucket("verify").code == 0
    assert not list((tmp_path / "local").rglob("*.png"))
    assert in_bucket("delete", "1", name).code == 0
    assert in_bucket("images", "1", "--json").json["images"] == []


def test_doctor_looks_at_the_bucket(in_bucket: InBucket, tmp_path: Path) -> None:
    """Also before anything was kept; it leaves nothing there."""
    findings = findings_of(in_bucket("doctor", "--json"))
    assert findings["bucket"]["level"] == "OK"
    assert "takes, lists, gives and deletes" in findings["bucket"]["found"]
    in_bucket("generate", "a cat", "--user", "1")
    findings = findings_of(in_bucket("doctor", "--json"))
    assert {name for name, finding in findings.items() if finding["level"] == "FAIL"} == set()
    place = load_config(env_file=tmp_path / "bucket.env").objects
    assert place is not None
    assert list(Bucket(place).all_below("probes")) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"STORAGE_ROOT": "s3://abby-nowhere/x"}, "There is no bucket 'abby-nowhere'"),
        ({"AWS_ENDPOINT_URL": f"http://{HOST}:1"}, "cannot be reached"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_bucket(in_bucket: InBucket, given: dict[str, str], told: str) -> None:
    """And what to do; the other looks are taken all the same."""
    ran = in_bucket("doctor", "--json", **given)
    finding = findings_of(ran)["bucket"]
    assert (ran.code, finding["level"]) == (1, "FAIL")
    assert told in finding["found"]
    assert finding["advice"]
    assert "disk" in findings_of(ran)


def test_doctor_says_that_log_and_bucket_do_not_go_together(in_bucket: InBucket, tmp_path: Path) -> None:
    """A log whose images are elsewhere, and images whose log is."""
    in_bucket("generate", "a cat", "--user", "1")
    elsewhere = in_bucket("doctor", "--json", STORAGE_ROOT=f"s3://{new_bucket()}/abby")
    assert elsewhere.code == 1
    assert "migrate --to bucket" in findings_of(elsewhere)["images"]["advice"]
    lost = in_bucket("doctor", "--json", LOCAL_ROOT=str(tmp_path / "other"))
    assert lost.code == 1
    assert "There is no log" in findings_of(lost)["images"]["found"]


def test_a_prefix_of_another_log_is_told_and_its_images_are_nobodys_strays(in_bucket: InBucket, tmp_path: Path) -> None:
    """By every command that looks there, with both ids; each log goes on with its own."""
    in_bucket("generate", "a cat", "--user", "1")
    in_bucket("generate", "a dog", "--user", "1", LOCAL_ROOT=str(tmp_path / "two"), STORAGE_ROOT="s3://" + new_bucket())
    first, second = (
        in_bucket("verify", "--json", LOCAL_ROOT=str(tmp_path / name)).json["log_id"] for name in ("local", "two")
    )
    for words in (("audit",), ("audit", "--user", "1"), ("generate", "a cat", "--user", "1")):
        ran = in_bucket(*words, LOCAL_ROOT=str(tmp_path / "two"))
        assert ran.code == 78
        assert f"of the log {first}, and this log is {second}" in ran.err
    told = findings_of(in_bucket("doctor", "--json", LOCAL_ROOT=str(tmp_path / "two")))["images"]
    assert (told["level"], f"of the log {first}" in told["found"]) == ("FAIL", True)
    assert in_bucket("audit").code == 0
    assert findings_of(in_bucket("doctor", "--json")).get("images") is None


def test_objects_of_which_nobody_says_whose_they_are_are_no_strays(
    in_bucket: InBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the next start has looked."""
    monkeypatch.setattr(object_comparison, "UNDER_WAY_SECONDS", -1)
    in_bucket("generate", "a cat", "--user", "1")
    place = load_config(env_file=tmp_path / "bucket.env").objects
    assert place is not None
    Bucket(place).delete(OWNER)
    assert in_bucket("audit").code == 0
    Bucket(place).put_new("images/stray", b"x", "image/png")
    ran = in_bucket("audit")
    assert (ran.code, "nothing there says whose they are" in ran.err) == (78, True)
    in_bucket("generate", "a cat", "--user", "1")
    assert [finding["kind"] for finding in in_bucket("audit", "--json").json["findings"]] == ["stray object"]


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "--repair"),
        ("audit", "--repair", "--yes"),
        ("backup", "DIR"),
        ("restore", "DIR"),
        ("import", "DIR"),
        ("adopt", "DIR"),
    ],
)
def test_what_works_on_files_refuses_in_one_sentence_and_says_what_to_do(
    in_bucket: InBucket, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Nothing is made of it."""
    (tmp_path / "given").mkdir()
    ran = in_bucket(*(str(tmp_path / "given") if word == "DIR" else word for word in words))
    assert ran.code == 78
    assert "works on the files of images, and they are objects of s3://" in ran.err
    assert "Traceback" not in ran.err
    assert list((tmp_path / "given").iterdir()) == []
    assert not (tmp_path / "local").exists()


def test_audit_compares_the_log_with_the_bucket(
    in_bucket: InBucket, tmp_path: Path, fits: Callable[[str, Any], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is gone, shorter, changed, or needed by nobody for long."""
    for seed in "123":
        in_bucket("generate", "a cat", "--user", "1", "--seed", seed, "--width", "512", "--height", "512")
    whole = in_bucket("audit", "--json")
    assert (whole.code, whole.json["images"], whole.json["findings"]) == (0, 3, [])
    assert "Log and files agree: 3 images" in in_bucket("audit").out
    place = load_config(env_file=tmp_path / "bucket.env").objects
    assert place is not None
    bucket = Bucket(place)
    gone, shorter, other = sorted(found.key for found in bucket.all_below("images") if not found.key.endswith(".json"))
    for key, data in ((gone, None), (shorter, b"x"), (other, bytes(bucket.size(other) or 0)), ("images/stray", b"x")):
        bucket.delete(key)
        if data is not None:
            bucket.put_new(key, data, "image/png")
    found = in_bucket("audit", "--json")
    assert fits("audit", found.json)
    kinds = {finding["file"]: finding["kind"] for finding in found.json["findings"]}
    assert (found.code, kinds) == (1, {gone: "missing", shorter: "wrong size", other: "wrong hash"})
    assert [finding["kind"] for finding in found.json["passing"]] == ["under way"]
    monkeypatch.setattr(object_comparison, "UNDER_WAY_SECONDS", -1)
    kinds = {finding["file"]: finding["kind"] for finding in in_bucket("audit", "--json").json["findings"]}
    assert kinds["images/stray"] == "stray object"
    of_user = in_bucket("audit", "--user", "1", "--json").json
    assert {finding["kind"] for finding in of_user["findings"]} == {"missing", "wrong size", "wrong hash"}
    silent = in_bucket("audit", AWS_ENDPOINT_URL=f"http://{HOST}:1")
    assert "cannot be reached" in silent.err
    assert "Traceback" not in silent.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"STORAGE_ROOT": "s3://No_Bucket/x"}, "is no name of a bucket"),
        ({"AWS_ENDPOINT_URL": "http://minio:9000"}, "could read images, and change them"),
        ({"AWS_ENDPOINT_URL": "minio:9000"}, "AWS_ENDPOINT_URL: it takes an address"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "belong together"),
        ({"S3_PRESIGNED_SECONDS": "-1"}, "S3_PRESIGNED_SECONDS"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(in_bucket: InBucket, given: dict[str, str], told: str) -> None:
    """Before anything is opened."""
    ran = in_bucket("status", "1", **given)
    assert ran.code == 78
    assert told in ran.err


def test_plain_http_to_another_machine_is_taken_where_it_is_said_so(tmp_path: Path) -> None:
    """And what other programs mean by such variables is not judged where there is no bucket."""
    given = settings_of("abby", tmp_path, AWS_ENDPOINT_URL="http://minio:9000/")
    with pytest.raises(ConfigError, match="AWS_ALLOW_HTTP=true"):
        load_config(env_file=write_env_file(tmp_path / "a.env", **given))
    given["AWS_ALLOW_HTTP"] = "true"
    objects = load_config(env_file=write_env_file(tmp_path / "a.env", **given)).objects
    assert objects is not None
    assert (objects.endpoint, str(objects)) == ("http://minio:9000", "s3://abby/abby")
    assert SECRET not in repr(objects)
    given |= {"STORAGE_ROOT": str(tmp_path / "x"), "AWS_ENDPOINT_URL": "no address", "AWS_ALLOW_HTTP": "maybe"}
    config = load_config(env_file=write_env_file(tmp_path / "a.env", **given))
    assert (config.objects, config.storage.storage_root) == (None, tmp_path / "x")
    assert not any(SECRET in line for line in config.describe())
    assert SECRET in config.secrets()


@pytest.mark.parametrize(
    ("method", "step"), [("PUT", "put a small object"), ("GET", "list it"), ("DELETE", "delete it")]
)
def test_the_step_that_failed_is_named(proxy: FaultyProxy, method: str, step: str) -> None:
    """Each in its turn."""
    proxy.plan = lambda asked, _path: Fault.ERROR if asked == method else Fault.NONE
    quick = Patience(connect=1, request=1, retries=0, altogether=1, first_pause=0.001)
    found = examining.examine(Bucket(place_in(new_bucket(), port=proxy.port), quick))
    assert (found.step, found.failure is not None) == (step, True)


def test_a_store_without_conditions_and_one_with_another_clock_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither loses anything by it."""
    place = place_in(new_bucket())
    monkeypatch.setattr(Bucket, "is_conditional", lambda _self, _key: False)
    monkeypatch.setattr(examining, "ahead_of", lambda *_times: -700.0)
    assert examine_bucket(place).ahead_seconds == -700.0
    findings = {finding.check: finding for finding in look(place, has_log=False)}
    assert [finding.level for finding in findings.values()] == [Level.OK, Level.WARN, Level.WARN]
    assert "700 seconds behind" in findings["store clock"].found


def test_a_clock_is_told_apart_within_the_seconds_of_a_look() -> None:
    """Some stores tell whole seconds."""
    begun = datetime(2026, 1, 1, 12, tzinfo=UTC)
    ended = begun + timedelta(seconds=2)
    rows = [(-1, 0.0), (0, 0.0), (3, 0.0), (4, 2.0), (902, 900.0), (-900, -900.0)]
    for told, ahead in rows:
        assert examining.ahead_of(begun + timedelta(seconds=told), begun, ended) == ahead
