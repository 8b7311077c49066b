"""A file that an answer is written into takes nobody's place, whatever comes there while the work goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from adapters.cli.written import InTheWay, new_file

WITH_LINKS, WITHOUT_LINKS = "a disk with hard links", "one without"


@pytest.mark.parametrize("disk", [WITH_LINKS, WITHOUT_LINKS])
@pytest.mark.parametrize("comes", ["a file", "a link to nothing", "nothing"])
def test_what_came_meanwhile_is_looked_for_again_and_kept(
    tmp_path: Path, disk: str, comes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look is before the work, which may take minutes. Where the disk refuses a name that stands, it says so;
    where files can only be renamed there, which replaces what stands, a second look does.
    """
    path = tmp_path / "answer.json"

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if disk == WITHOUT_LINKS:  # FAT and some network file systems answer so
        monkeypatch.setattr(os, "link", refused)

    def write() -> None:
        with new_file(path, None) as file:
            file.write(b"ours")
            if comes == "a file":
                path.write_bytes(b"theirs")
            elif comes == "a link to nothing":
                path.symlink_to(tmp_path / "nowhere")

    if comes == "nothing":
        write()
        assert path.read_bytes() == b"ours"
    else:
        with pytest.raises(InTheWay, match="is there already"):
            write()
        assert path.is_symlink() or path.read_bytes() == b"theirs"
    assert [found.name for found in tmp_path.iterdir()] == ["answer.json"]
