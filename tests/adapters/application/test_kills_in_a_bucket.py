"""A program under load whose images are in a bucket is killed: what it was told is there at the next start, figures and
objects alike, and nothing else is.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.imagestore.s3.bucket import Bucket
from adapters.library.storage_manager import StorageManager
from adapters.ports.object_place import object_place
from tests.adapters.application.evidence import events_of, standing_of
from tests.adapters.application.test_kills import digests_of, follow, fulfil, run_and_kill
from tests.servers.s3 import HOST, KEY_ID, REGION, SECRET, new_bucket, place_in, server_port


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of a new bucket, to which the environment leads."""
    given = {"ENDPOINT_URL": f"http://{HOST}:{server_port()}", "REGION": REGION}
    for name, value in (given | {"ACCESS_KEY_ID": KEY_ID, "SECRET_ACCESS_KEY": SECRET}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return f"s3://{new_bucket()}/abby"


@pytest.mark.timeout(1_800)  # the long form kills forty times
def test_what_was_acknowledged_survives_kills_in_a_bucket(tmp_path: Path, address: str, thorough: bool) -> None:
    """Kills at random moments; marks are taken for old at each start."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    kills = 40 if thorough else 1
    rng = random.Random(11)
    place = object_place(address)
    bucket = Bucket(place_in(place.bucket, prefix=place.prefix))
    for kill in range(kills):
        said = run_and_kill(tmp_path, kill, rng.randint(20, 60), rng.uniform(0, 0.05), address)
        open_wishes = follow(told, said)
        for mark in (tmp_path / "images/.staged").iterdir():
            os.utime(mark, (0, 0))
        with StorageManager(address, local_root=tmp_path) as storage:
            for user in {*told, *open_wishes}:
                kept = digests_of(tmp_path, user)
                with_wish = dict(told[user])
                if user in open_wishes:
                    fulfil(with_wish, open_wishes[user])
                assert kept in (told[user], with_wish), user
                told[user] = kept
                ids = [f"{storage.get_image_address(user, name)}".rpartition("/")[2] for name in kept]
                assert [sha256(bucket.read(f"images/{one}", 100_000)).hexdigest() for one in ids] == [*kept.values()]
        assert len(list(bucket.all_below("images"))) == len(standing_of(tmp_path))
    assert len(events_of(tmp_path, "ImageSaved")) > kills * 5
