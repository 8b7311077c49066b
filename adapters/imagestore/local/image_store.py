"""Makes the disk agree with the log: the one place that touches the final paths of images and temp files.

A save is staged first, then recorded, then brought into place; a deletion is recorded, then carried out. What was
recorded and is not yet known to be in place is *touched*; bringing a touched name into place may be done again and
again and in any order (redo, never undo), and a name that stands is never unlinked. What fails (an open file on
Windows) stays touched and is tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from stat import S_IFDIR

import orjson
import structlog

from adapters.disk.files import Files
from adapters.imagestore.local.details_files import DetailsFiles
from adapters.imagestore.local.fresh_numbers import FreshNumbers
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.moving import move
from adapters.imagestore.local.of_folders import OfFolders
from adapters.imagestore.local.own_files import OwnFiles
from adapters.imagestore.local.probing import Probe
from adapters.imagestore.local.thumbnail_files import ThumbnailFiles
from adapters.imagestore.local.touched import Touched, left_of
from adapters.imagestore.local.writable import unwritable_folders
from adapters.ports.image_store import Key, Place, Unfinished
from domain.events import CleanupCompleted, Event, ImageDeleted, ImageSaved
from domain.names import folder_of, name_key
from domain.view import View

LOCKS = 64
"""Users share this many locks; two users with one lock only wait for each other."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class LocalImageStore(OfFolders):
    """The files of one root: the port `ImageStore` over folders. It knows the touched names, and how they are brought
    into place.
    """

    def __init__(self, layout: Layout, files: Files) -> None:
        super().__init__(layout, files)
        self.layout = layout
        self._files = files
        self._own = OwnFiles(layout, files)
        self._details = DetailsFiles(layout, files, self._own)
        self._numbers = FreshNumbers(layout, files)
        self._probe = Probe(layout, files, self._own, lock_of=self._lock_of)
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self.thumbnails = ThumbnailFiles(layout, files, self._own, lock_of=self._lock_of)
        self._guard = threading.Lock()
        self._touched: dict[Key, Touched] = {}
        self._failed: dict[Key, str] = {}
        self._durable = 0
        self.missing: set[Key] = set()
        """Names that stand and have no file, or one of another size; reported, and still charged."""

    def _lock_of(self, user: str) -> threading.Lock:
        """The lock under which a user's final paths are changed."""
        return self._locks[hash(user) % LOCKS]

    def note(self, recorded: Iterable[tuple[int, Event]]) -> None:
        """Takes in durable events; called before they are published, so that no file looks untracked in between."""
        with self._guard:
            for position, event in recorded:
                if isinstance(event, ImageSaved):
                    self._touch(position, event.user, event.name, event.temp, event.staged)
                elif isinstance(event, ImageDeleted):
                    self._touch(position, event.user, event.name, event.temp, None)
                elif isinstance(event, CleanupCompleted):
                    for file in event.files:
                        self._touch(position, file.user, file.name, True, None)
                self._durable = position

    def reconciled(self) -> int:
        """The position up to which all file work is done and synced."""
        with self._guard:
            return min((touched.first - 1 for touched in self._touched.values()), default=self._durable)

    def start_at(self, position: int) -> None:
        """Everything up to `position` is known to be in place."""
        self._durable = position

    def is_untracked(self, user: str, name: str, *, temp: bool, view: View) -> bool:
        """Whether a file that the log does not know stands where `name` would, or where its folder would.

        Under the user's lock, and the file is looked at first: a file of ours that is there then still stands, or is
        still touched, after.
        """
        with self._lock_of(user):
            taken = self._in_the_way(user, name, temp=temp)
            if taken is None:
                return False
            key = name_key(taken)
            return view.current_image(user, key, temp=temp) is None and not self._is_touched(user, key, temp=temp)

    def _is_touched(self, user: str, key: str, *, temp: bool) -> bool:
        """Whether the log used this name for something that is not yet carried out."""
        with self._guard:
            return Key(user, temp, key) in self._touched

    def free_numbers(self, user: str, folder: str | None, extension: str, *, temp: bool, first: int) -> range:
        """Some numbers of fresh names under which nothing stands."""
        return self._numbers.free(user, folder, extension, temp=temp, first=first)

    def first_free_number(self, user: str, folder: str | None, *, temp: bool) -> int:
        """A number above that of every `image_<n>` in a folder, whoever put it there."""
        return self._numbers.above_all(user, folder, temp=temp)

    def path(self, user: str, name: str, *, temp: bool) -> Path:
        """Where the bytes of a current name are now: in place, or still staged where that failed so far."""
        with self._guard:
            touched = self._touched.get(Key(user, temp, name_key(name)))
        if touched is not None and touched.staged is not None:
            with self._lock_of(user):
                staged = self.layout.staged(touched.staged)
                if self._own.is_there_or_unknown(staged):
                    return staged
        return self.layout.final(user, name, temp=temp)

    def is_foreign(self, user: str, name: str) -> bool:
        """Whether a link or the like stands at the path of a kept image."""
        path = self.path(user, name, temp=False)
        try:
            return self._own.is_foreign(path)
        except OSError:
            return False  # what is recorded is answered for, where the disk cannot say

    def open_image(self, user: str, name: str, *, temp: bool = False) -> BufferedIOBase:
        """The bytes of a current name, to be read from their start. Raises OSError."""
        for is_again in (False, True):
            try:
                return self._own.open(self.path(user, name, temp=temp))
            except FileNotFoundError:  # it may just have been brought into place
                if is_again:
                    self.missing.add(Key(user, temp, name_key(name)))
                    raise
        raise AssertionError("the second try returns or raises")

    def is_there(self, user: str, name: str, *, temp: bool, size_bytes: int) -> bool:
        """Whether an ordinary file of that size lies where the bytes of a name should."""
        path = self.path(user, name, temp=temp)
        found = self._own.is_ordinary(path) and self._files.lstat(path).st_size == size_bytes
        (self.missing.discard if found else self.missing.add)(Key(user, temp, name_key(name)))
        return found

    def probe(self, places: Sequence[Place], size_bytes: int, *, whole: bool) -> list[OSError | None]:
        """Tries a save in each, under the lock of the user's final paths."""
        return self._probe.carry_out_in(places, size_bytes, whole=whole)

    def unwritable(self, folders: Iterable[str]) -> list[str]:
        """Of the folders of saves those that take no file."""
        return unwritable_folders(self.layout, self._files, self._own, folders)

    def free_bytes(self) -> int:
        """What is free on the disk of the images. Raises OSError."""
        return self._files.free_bytes(self._own.nearest(self.layout.users))

    def reconcile(self, user: str, name: str, *, temp: bool) -> None:
        """Brings one name into place. What fails is logged and stays touched for the next sweep."""
        key = Key(user, temp, name_key(name))
        done = self._try(key)
        if done is not None:
            self._forget(key, done)

    def reconcile_all(self) -> None:
        """Brings every touched name into place, the oldest first.

        The folders on the way are synced before and after: a program that was killed may have made, renamed or
        unlinked something and not synced it. Before, because a file that is moved into a folder goes with it if its
        name is lost; after, because where nothing is left to do nothing here would sync what was done.
        """
        with self._guard:
            touched_by_key = dict(sorted(self._touched.items(), key=lambda item: item[1].first))
        try:
            self._sync_folders_of(touched_by_key)
            done = {key: touched for key in touched_by_key if (touched := self._try(key)) is not None}
            self._sync_folders_of(done)
        except OSError as error:
            _log.warning("folders not synced yet", reason=str(error))
            for key in touched_by_key:
                self._note_failure(key, error)
            return
        for key, touched in done.items():
            self._forget(key, touched)

    def _try(self, key: Key) -> Touched | None:
        """Carries out what is to be done for a name; what that was, None where there was nothing or where it failed."""
        with self._lock_of(key.user):
            with self._guard:
                touched = self._touched.get(key)
            if touched is None:
                return None
            try:
                self._carry_out(key, touched)
            except OSError as error:
                _log.warning("file not in place yet", user=key.user, name=touched.name, reason=str(error))
                self._note_failure(key, error)
                return None
            except Exception as error:
                self._note_failure(key, error)
                raise
            return touched

    def _note_failure(self, key: Key, error: Exception) -> None:
        with self._guard:
            if key in self._touched:
                self._failed[key] = getattr(error, "strerror", None) or str(error) or type(error).__name__

    def _forget(self, key: Key, done: Touched) -> None:
        """The name is in place, unless the log has used it again meanwhile."""
        with self._guard:
            now = self._touched.get(key)
            if now is not None and now.latest == done.latest:
                del self._touched[key]
                self._failed.pop(key, None)

    def unfinished(self) -> list[Unfinished]:
        """What was tried and failed, the oldest first; it is tried again."""
        with self._guard:
            failed = sorted((self._touched[key].first, key, why) for key, why in self._failed.items())
            touched = [(key, self._touched[key], why) for _, key, why in failed]
        return [Unfinished(key.user, of.name, of.staged is not None, why) for key, of, why in touched]

    def left_undone(self) -> list[Unfinished]:
        """What is to be done for the touched names, looked at without doing it, the oldest first. Raises OSError."""
        with self._guard:
            touched_by_key = sorted(self._touched.items(), key=lambda item: item[1].first)
        found = []
        for key, touched in touched_by_key:
            left = left_of(self.layout, key, touched)
            if any(self._own.kind_at(path) not in (None, S_IFDIR) for path in left):
                found.append(Unfinished(key.user, touched.name, touched.staged is not None))
        return found

    def _sync_folders_of(self, touched_by_key: dict[Key, Touched]) -> None:
        """Syncs the folders that stand on the way to these names and to their details."""
        layout = self.layout
        folders: set[Path] = set()
        for key, touched in touched_by_key.items():
            for spelling in touched.spellings | {touched.name}:
                folders.add(layout.final(key.user, spelling, temp=key.temp).parent)
                if not key.temp:
                    folders.add(layout.details(key.user, spelling).parent)
        for folder in self._on_the_way_to(folders):
            self._files.sync_directory(folder)

    def _on_the_way_to(self, folders: set[Path]) -> list[Path]:
        """These folders and those above them up to the root, as far as they stand."""
        above = len(self.layout.root.parts)
        ways = {way for folder in folders for way in (folder, *folder.parents[: len(folder.parts) - above])}
        return sorted(way for way in ways if self._own.is_folder(way))

    def sync_folders(self) -> None:
        """Syncs the folders that stand for all users, which a program may have made and not synced when it was killed.
        Raises OSError.

        Only for a start: what is made later is synced when it is made.
        """
        for folder in self._on_the_way_to({self.layout.users, self.layout.staging, self.layout.temp}):
            self._files.sync_directory(folder)

    def remove_unneeded_staged(self) -> int:
        """Removes staged files that no touched name needs: left by a crash before anything was recorded. Gives their
        number; what cannot be removed now is left to the next start. Raises OSError where they cannot be listed.

        Only for a start, before commands are admitted.
        """
        with self._guard:
            needed = {touched.staged for touched in self._touched.values() if touched.staged}
        removed = 0
        if sentence := self._own.refuse((self.layout.staging / "any",)):
            _log.warning("staged files not looked at", reason=sentence)
            return 0
        for name in self._files.list_directory(self.layout.staging):
            if name.removesuffix(".json") in needed:
                continue
            try:
                self._files.unlink(self.layout.staging / name)
                removed += 1
            except OSError as error:
                _log.warning("staged file not removed", name=name, reason=str(error))
        return removed

    def discard(self, staged: str) -> None:
        """Removes a staged file of which it is known that no event names it."""
        with suppress(OSError):
            self._unlink_staged(staged)

    def stage(self, staged: str, data: bytes, details: dict[str, object] | None) -> None:
        """Writes a file, and its details, durably beside the final paths. Raises OSError, then nothing is left."""
        try:
            self._files.make_directories(self.layout.staging)
            if details is not None:
                content = orjson.dumps({"staged": staged, **details})
                self._files.write_durably(self.layout.staged_details(staged), content)
            self._files.write_durably(self.layout.staged(staged), data)
            self._files.sync_directory(self.layout.staging)
        except OSError:
            self.discard(staged)
            raise

    def refuse_path(self, user: str, name: str, *, temp: bool) -> str | None:
        """Why no file may be put at a final path: too long for the platform, or led elsewhere by a symbolic link."""
        return self._own.refuse((self.layout.staging / "any", *self.layout.finals(user, name, temp=temp)))

    def _in_the_way(self, user: str, name: str, *, temp: bool) -> str | None:
        """The name of what is at a name's final path, or of a file in the place of its folder; None where it is free.

        A dangling link is in the way too.
        """
        folder = folder_of(name)
        for taken in (folder, name):
            kind = self._own.kind_at(self.layout.final(user, taken, temp=temp)) if taken else None
            if kind is not None and not (taken == folder and kind == S_IFDIR):
                return taken
        return None

    def _touch(self, position: int, user: str, name: str, temp: bool, staged: str | None) -> None:
        key = Key(user, temp, name_key(name))
        self.missing.discard(key)
        former = self._touched.get(key)
        if former is None:
            self._touched[key] = Touched(position, position, name, staged)
            return
        superseded = former.superseded | ({former.staged} if former.staged else set())
        self._touched[key] = Touched(
            first=former.first,
            latest=position,
            name=name,
            staged=staged,
            spellings=former.spellings | {former.name},
            superseded=superseded,
        )

    def _carry_out(self, key: Key, touched: Touched) -> None:
        if touched.staged is not None:
            self._bring_into_place(key, touched.name, touched.staged)
        for spelling in sorted(touched.spellings | {touched.name}):
            if touched.staged is None or spelling != touched.name:
                self._take_away(key, spelling, current=touched.name if touched.staged else None)
        for staged in touched.superseded:
            self._unlink_staged(staged)

    def _bring_into_place(self, key: Key, name: str, staged: str) -> None:
        source = self.layout.staged(staged)
        final = self.layout.final(key.user, name, temp=key.temp)
        if self._own.stands(source):
            if not key.temp:
                with suppress(OSError):  # one that stays does not fit, and is seen not to
                    self.thumbnails.remove(key.user, name)
                self._details.place(key.user, name, staged)
            self._files.make_directories(final.parent)
            move(self._files, source, final)
            self._files.sync_directory(final.parent)
        elif not self._files.lexists(final):
            self.missing.add(key)
            _log.error("image without a file", user=key.user, name=name)

    def read_details(self, user: str, name: str) -> dict[str, object] | None:
        """How a kept image was made, None where nothing is known."""
        return self._details.read(user, name)

    def read_all_details(self, user: str, names: Sequence[str]) -> list[dict[str, object] | None]:
        """The same for many, in their order."""
        return self._details.read_all(user, names)

    def _take_away(self, key: Key, spelling: str, *, current: str | None) -> None:
        gone = self.layout.final(key.user, spelling, temp=key.temp)
        kept = self.layout.final(key.user, current, temp=key.temp) if current else None
        paths = [(gone, kept)]
        if not key.temp:
            self.thumbnails.remove(key.user, spelling)
            details_kept = self.layout.details(key.user, current) if current else None
            paths.append((self.layout.details(key.user, spelling), details_kept))
        for path, other in paths:
            if self._own.kind_at(path) in (None, S_IFDIR):
                pass  # a folder of that name was made since: the file is long gone
            elif not (other and self._files.is_same_file(path, other)):
                self._files.unlink(path)
                self._files.sync_directory(path.parent)
            self._remove_empty(path.parent, self.layout.home(key.user, temp=key.temp))

    def _remove_empty(self, folder: Path, home: Path) -> None:
        """Removes a folder, and those above it up to the user's own, while they are empty."""
        while folder.is_relative_to(home) and self._files.remove_if_empty(folder):
            folder = folder.parent

    def _unlink_staged(self, staged: str) -> None:
        for path in (self.layout.staged(staged), self.layout.staged_details(staged)):
            if self._files.lexists(path):
                self._files.unlink(path)
