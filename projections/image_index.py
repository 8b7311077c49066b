"""The current names of each user: one list a user, ordered by when each name was saved last.

`ImageIndex` is the common shape of the gallery and of the temp files, which are two name spaces; a draft lies over it
as over a table. Names are found by their key (`domain.names.name_key`). What comes from a snapshot stays packed until
somebody looks at it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from domain.names import folder_of, fresh_number, name_key
from domain.usage import CurrentImage
from projections.image_lines import from_line, name_of, position_of, to_line


class UserImages:
    """One user's names: the lines of images by key (the latest saved last), how many stand in each folder, the next
    fresh number.

    `generation` says since which dump of its index it may be changed.
    """

    __slots__ = ("folders", "generation", "lines", "next_number")

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.lines: dict[str, str] = {}
        self.folders: dict[str, int] = {}
        self.next_number = 1

    def copy(self, generation: int) -> UserImages:
        """The same, to be changed."""
        copied = UserImages(generation)
        copied.lines, copied.folders, copied.next_number = dict(self.lines), dict(self.folders), self.next_number
        return copied

    def put(self, key: str, line: str) -> None:
        """The name stands now, as the latest. Whether fresh numbers begin later from here is said by `raise_number`."""
        folder = folder_of(key)
        if self.lines.pop(key, None) is None and folder is not None:
            self.folders[folder] = self.folders.get(folder, 0) + 1
        self.lines[key] = line

    def raise_number(self, number: int) -> None:
        """Fresh numbers begin at `number` from here, if they do not begin later already."""
        self.next_number = max(self.next_number, number)

    def newest_first(
        self, offset: int = 0, limit: int | None = None, *, before: int | None = None
    ) -> list[CurrentImage]:
        """All images, or some of them: of those saved before a position, where one is given. An overwritten name counts
        as saved anew. No others are looked at.
        """
        lines = list(self.lines.values())
        end = len(lines) if before is None else bisect_left(lines, before, key=position_of)
        stop = max(0, end - offset)
        return [from_line(line) for line in lines[0 if limit is None else max(0, stop - limit) : stop][::-1]]

    def names(self) -> list[str]:
        """Their names, newest first."""
        return [name_of(line) for line in list(self.lines.values())[::-1]]

    def oldest_first(self, offset: int, limit: int, *, after: int | None = None) -> list[CurrentImage]:
        """Some of them in the order of their saves, of those after a position where one is given."""
        lines = list(self.lines.values())
        begin = offset + (0 if after is None else bisect_right(lines, after, key=position_of))
        return [from_line(line) for line in lines[begin : begin + limit]]

    def dump(self) -> tuple[int, list[str]]:
        """What they are made of again: the next fresh number, and the lines of images in their order."""
        return self.next_number, list(self.lines.values())


def number_after(key: str) -> int:
    """The first number above that of a name `image_<n>`; 1 for every other name."""
    return (fresh_number(key) or 0) + 1


_SHARED = -1
"""The generation of what is never changed, but copied first."""
_EMPTY = UserImages(_SHARED)

Unpack = Callable[[bytes], tuple[int, Iterable[str]]]
"""Makes what `UserImages.dump` gave of what was stored of it."""


class ImageIndex:
    """The names of one name space. `packed` are those of a snapshot, by user, which `unpack` makes when they are
    looked at; any thread may look, one changes.
    """

    def __init__(self, packed: dict[str, bytes] | None = None, unpack: Unpack | None = None) -> None:
        self._by_user: dict[str, UserImages] = {}
        self._packed: dict[str, bytes] = packed or {}
        self._unpack = unpack
        self._generation = 0

    def current_image(self, user: str, key: str) -> CurrentImage | None:
        """The image under a name."""
        line = self.of(user).lines.get(key)
        return None if line is None else from_line(line)

    def has_folder(self, user: str, folder_key: str) -> bool:
        """Whether a name stands in that folder."""
        return self.of(user).folders.get(folder_key, 0) > 0

    def next_number(self, user: str) -> int:
        """A number above that of every `image_<n>` which ever stood here."""
        return self.of(user).next_number

    def count(self, user: str) -> int:
        """How many names of the user stand."""
        return len(self.of(user).lines)

    def users(self) -> list[str]:
        """Every user who ever had a name here."""
        return list({**self._packed, **self._by_user})

    def of(self, user: str) -> UserImages:
        """A user's images, to read; an empty one where there is none."""
        return self._by_user.get(user) or self._unpacked(user)

    def put(self, user: str, key: str, image: CurrentImage) -> None:
        """The name stands now, as the latest."""
        images = self.own(user)
        images.put(key, to_line(image))
        images.raise_number(number_after(key))

    def remove(self, user: str, key: str) -> None:
        """The name no longer stands."""
        images = self.own(user)
        folder = folder_of(key)
        if images.lines.pop(key, None) is not None and folder is not None:
            images.folders[folder] -= 1
            if images.folders[folder] == 0:
                del images.folders[folder]

    def all(self) -> Iterator[tuple[str, str, CurrentImage]]:
        """Every current name: user, key, image."""
        for user in self.users():
            for key, line in list(self.of(user).lines.items()):
                yield user, key, from_line(line)

    def dump(self) -> dict[str, UserImages | bytes]:
        """Everybody's images at this moment, packed ones as they are packed. What changes later is a copy."""
        self._generation += 1
        return {**self._packed, **self._by_user}

    def draft(self) -> DraftImageIndex:
        """An empty draft over this index."""
        return DraftImageIndex(self)

    def own(self, user: str) -> UserImages:
        """A user's images, to change."""
        images = self.of(user)
        if images.generation != self._generation:
            images = images.copy(self._generation)
            self._by_user[user] = images
        return images

    def _unpacked(self, user: str) -> UserImages:
        """Images that nobody has looked at yet; of two threads that look at once, both get the same."""
        packed = self._packed.get(user)
        if packed is None:
            return self._by_user.get(user, _EMPTY)  # another thread has just made it
        assert self._unpack is not None
        images = UserImages(_SHARED)
        images.next_number, lines = self._unpack(packed)
        images.lines = {name_key(name_of(line)): line for line in lines}  # the stored number is above theirs
        images.folders = dict(Counter(folder for key in images.lines if (folder := folder_of(key)) is not None))
        images = self._by_user.setdefault(user, images)
        self._packed.pop(user, None)
        return images


class DraftImageIndex(ImageIndex):
    """An index whose changes are its own until `commit`. Lists of one user are read from the published index alone."""

    def __init__(self, base: ImageIndex) -> None:
        self._base = base
        self._changes: dict[tuple[str, str], str | None] = {}
        self._folders: dict[tuple[str, str], int] = {}
        self._numbers: dict[str, int] = {}

    def current_image(self, user: str, key: str) -> CurrentImage | None:
        """The image under a name, in the draft or else in the base."""
        line = self._changes.get((user, key))
        if line is not None:
            return from_line(line)
        return None if (user, key) in self._changes else self._base.current_image(user, key)

    def has_folder(self, user: str, folder_key: str) -> bool:
        """Whether a name stands in that folder, the draft's changes counted."""
        return self._base.of(user).folders.get(folder_key, 0) + self._folders.get((user, folder_key), 0) > 0

    def next_number(self, user: str) -> int:
        """A number above those of base and draft."""
        return max(self._numbers.get(user, 1), self._base.next_number(user))

    def put(self, user: str, key: str, image: CurrentImage) -> None:
        """The name stands in the draft. Raises ImpossibleFact here, before anything is recorded, not in `commit`."""
        line = to_line(image)
        self._count(user, key, 1)
        self._changes.pop((user, key), None)
        self._changes[user, key] = line
        self._numbers[user] = max(self._numbers.get(user, 1), number_after(key))

    def remove(self, user: str, key: str) -> None:
        """The name is gone in the draft."""
        self._count(user, key, -1)
        self._changes.pop((user, key), None)
        self._changes[user, key] = None

    def all(self) -> Iterator[tuple[str, str, CurrentImage]]:
        """Every name that would stand after `commit`."""
        for user, key, image in self._base.all():
            if (user, key) not in self._changes:
                yield user, key, image
        for (user, key), changed in list(self._changes.items()):
            if changed is not None:
                yield user, key, from_line(changed)

    def commit(self) -> None:
        """Writes the changes into the base, in the order of their events."""
        for (user, key), line in self._changes.items():
            if line is None:
                self._base.remove(user, key)
            else:
                self._base.own(user).put(key, line)
        for user, number in self._numbers.items():
            self._base.own(user).raise_number(number)

    def _count(self, user: str, key: str, change: int) -> None:
        """Counts a name into its folder, or out of it, before it stands or goes."""
        folder = folder_of(key)
        if folder is not None and (self.current_image(user, key) is None) == (change > 0):
            self._folders[user, folder] = self._folders.get((user, folder), 0) + change
