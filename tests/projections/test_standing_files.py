"""Which files stand: the last save of a name, unless it was deleted or cleaned up since."""

from __future__ import annotations

from domain.events import CleanedFile, CleanupCompleted, ImageDeleted, ImageSaved
from projections.standing_files import StandingFiles

AT = "2026-03-10T12:00:00.000000Z"


def saved(name: str, *, temp: bool = False, user: str = "ada", staged: str = "a" * 32) -> ImageSaved:
    return ImageSaved(
        at=AT,
        user=user,
        by="library",
        name=name,
        bytes=7,
        replaced_bytes=0,
        sha256="0" * 64,
        media_type="image/png",
        width=1,
        height=1,
        operation="unspecified",
        temp=temp,
        staged=staged,
    )


def test_what_stands_is_the_last_save_of_each_name() -> None:
    """Whatever the case of its letters; an image and a temp file of one name are two."""
    files = StandingFiles()
    for position, event in enumerate((saved("a.png"), saved("b.png"), saved("A.png"), saved("a.png", temp=True)), 1):
        files.apply(position, event)
    assert [(file.position, file.name, file.temp) for file in files] == [
        (2, "b.png", False),
        (3, "A.png", False),
        (4, "a.png", True),
    ]
    first, *_ = files
    assert files.stands(first)
    files.apply(5, saved("b.png"))
    assert not files.stands(first)


def test_deleted_and_cleaned_up_files_do_not_stand() -> None:
    """A cleanup takes temp files alone."""
    files = StandingFiles()
    for position, event in enumerate((saved("a.png"), saved("a.png", temp=True), saved("t.png", temp=True)), 1):
        files.apply(position, event)
    cleaned = (CleanedFile("ada", "a.png", 7),)
    files.apply(4, CleanupCompleted(at=AT, by="system", files=cleaned, freed_bytes=7, older_than_days=0))
    files.apply(5, ImageDeleted(at=AT, user="ada", by="library", name="a.png", bytes=7, temp=False, reason="user"))
    assert [file.name for file in files] == ["t.png"]
    assert len(files) == 1
