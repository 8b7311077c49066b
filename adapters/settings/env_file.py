"""Reads `.env`, lines of `NAME=value`, and says of each line that is not understood what is wrong and how it would be
right, with file and line.

It answers for the form of the lines and takes no other: what a name or a value means is for others. No sentence shows
a value, nor a word that is no setting's name, because either may be a secret.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from stat import S_IMODE, S_IRGRP, S_IROTH, S_ISREG, S_IWGRP, S_IWOTH
from typing import NamedTuple

from adapters.ports.faults import ConfigError

MOST_BYTES = 1_048_576
MOST_LINES_TOLD = 20
WORDS_LOOKED_AT = 4
"""Words of a line that is not understood, among which a setting's name is looked for."""
ALIKE = 0.8
"""From here on difflib's measure takes a word for a setting's name written wrong."""

_LINE_ENDS = re.compile(r"\r\n|\n|\r")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=(.*)", re.DOTALL)
_QUOTED = {'"': re.compile(r'"((?:\\.|[^"\\])*)"'), "'": re.compile(r"'((?:\\.|[^'\\])*)'")}
_ESCAPES = {'"': re.compile(r"\\([\\'\"abfnrtv])"), "'": re.compile(r"\\([\\'])")}
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COMMENT = re.compile(r"\s+#.*")
_REFERENCE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")
_CURLY_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_OTHER_FORMS = (
    (re.compile(r"\$env:", re.IGNORECASE), "it is written as a command of PowerShell"),
    (re.compile(r"(set|setx|setenv|declare|env|let)\s", re.IGNORECASE), "it is written as a command of a shell"),
    (re.compile(r"['\"`" + _CURLY_QUOTES + "]"), "quotes stand round its name"),
    (re.compile(r"[\w.-]+\s*:"), "a colon stands where `=` belongs"),
    (re.compile(r"[^=]*$"), "it has no `=`"),
)
"""How else people write settings, in the order in which it is asked."""
_STRANGE_NAME = "its name has a character or a space that is part of no name"


class Entry(NamedTuple):
    """One value as it stands in the file: under which spelling of its name, and in which line."""

    spelling: str
    line: int
    value: str


class _NotUnderstood(ValueError):
    """A line has no form of ours; the message says why, in the middle of a sentence."""


@dataclass(frozen=True)
class EnvFile:
    """What stands in a file of settings: entries by their names in capitals, and what is odd and yet understood."""

    path: Path
    entries: Mapping[str, Entry] = field(default_factory=dict, repr=False)  # secrets are among them
    oddities: tuple[str, ...] = ()

    def place(self, name: str) -> str:
        """File and line of an entry."""
        return f"{self.path} line {self.entries[name].line}"

    def used_by_others(self, *, holds_secrets: bool) -> str | None:
        """What other accounts may do with the file, and the command that ends it; None where that is nothing, or
        nothing is to be hidden. A group that reads a file of somebody else is how this account may read it.
        """
        if os.name != "posix":
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        if not S_ISREG(found.st_mode):  # /dev/null, say, whose modes are not ours to change
            return None
        readers = S_IROTH | (S_IRGRP if found.st_uid == os.geteuid() else 0)
        if found.st_mode & (S_IWGRP | S_IWOTH):
            may = "change"
        elif holds_secrets and found.st_mode & readers:
            may = "read the secrets in"
        else:
            return None
        change = "go-rwx" if found.st_mode & readers & S_IRGRP else "g-w,o-rwx"
        command = shlex.join(["chmod", change, str(self.path)])
        return f"Other accounts of this machine may {may} {self.path} ({S_IMODE(found.st_mode):03o}); run `{command}`."


def read_env_file(path: Path, known: AbstractSet[str], environment: Mapping[str, str]) -> EnvFile:
    """Reads a file; none where there is no such file. `known` are the names that may be shown, and `${NAME}` is taken
    from the file's earlier lines, then from `environment`.

    Raises ConfigError with a line for every line that is not understood, or for a file that cannot be read.
    """
    entries: dict[str, Entry] = {}
    oddities, problems = [], []
    for number, line in _lines(path):
        try:
            values = {entry.spelling: entry.value for entry in entries.values()}
            assignment = _parsed(line, {**environment, **values})
        except _NotUnderstood as error:
            right = name_meant(line, known) or "NAME"
            problems.append(f"{path} line {number}: {error}. Write {right}=VALUE, or put # before the line.")
            continue
        if assignment is None:
            continue
        spelling, value = assignment
        if (former := entries.get(spelling.upper())) is not None:
            what = spelling if spelling.upper() in known else "the same name"
            oddities.append(f"{path} line {number}: {what} stands in line {former.line} too; line {number} holds.")
        entries[spelling.upper()] = Entry(spelling, number, value)
    if problems:
        more = len(problems) - MOST_LINES_TOLD
        told = [*problems[:MOST_LINES_TOLD], *([f"and {more} more lines of {path}"] if more > 0 else [])]
        raise ConfigError("\n".join(told))
    return EnvFile(path, entries, tuple(oddities))


def nearest(word: str, known: AbstractSet[str]) -> str | None:
    """The known name that a word is most like, None where it is like none."""
    return next(iter(get_close_matches(word.upper(), sorted(known), n=1, cutoff=ALIKE)), None)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, blanks at both ends taken away. Raises ConfigError."""
    data = _bytes(path)
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(_LINE_ENDS.findall(data[: error.start].decode("latin-1"))) + 1
        raise ConfigError(f"{path} line {line}: the file is not UTF-8 text; save it again as UTF-8.") from error
    if "\0" in text:
        line = len(_LINE_ENDS.findall(text[: text.index("\0")])) + 1
        raise ConfigError(f"{path} line {line}: a zero byte, so the file is no plain text; save it again as UTF-8.")
    return ((number, line.strip()) for number, line in enumerate(_LINE_ENDS.split(text), 1))


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder, and settings are read from a file of that name; move it away.")
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigError(f"{path} is a link that leads nowhere; mend it or remove it.") from None
        return b""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error}); check who owns it.") from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path} has more than {MOST_BYTES} bytes, so it is no file of settings; name another one.")
    return data


def _parsed(line: str, values: Mapping[str, str]) -> tuple[str, str] | None:
    """Name and value of a line, None of a blank one and of a comment. Raises _NotUnderstood."""
    if not line or line.startswith("#"):
        return None
    found = _ASSIGNMENT.fullmatch(line)
    if found is None:
        raise _NotUnderstood(next((why for form, why in _OTHER_FORMS if form.match(line)), _STRANGE_NAME))
    name, given = found[1], found[2]
    value = given.lstrip()
    if value[:1] in _QUOTED:
        return name, _filled_in(_unquoted(value), values) if value[0] == '"' else _unquoted(value)
    is_comment = value.startswith("#") and value != given
    value = "" if is_comment else _COMMENT.sub("", value)
    if value and value[0] in _CURLY_QUOTES:
        raise _NotUnderstood("its quotes are curly, as a word processor makes them; straight ones or none are right")
    if value and value[-1] in {*_QUOTED, *_CURLY_QUOTES}:
        raise _NotUnderstood("a quote ends its value and none begins it")
    return name, _filled_in(value, values)


def _unquoted(value: str) -> str:
    """What stands between quotes, escapes resolved. Raises _NotUnderstood."""
    quote = value[0]
    found = _QUOTED[quote].match(value)
    if found is None:
        backslash = " (a backslash before a quote makes it a part of the value)" if f"\\{quote}" in value else ""
        raise _NotUnderstood(f"the quote that begins its value is not closed in this line{backslash}")
    if (rest := value[found.end() :].lstrip()) and not rest.startswith("#"):
        raise _NotUnderstood("something follows the quote that ends its value")
    return _ESCAPES[quote].sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), found[1])


def _filled_in(value: str, values: Mapping[str, str]) -> str:
    """The value with `${NAME}` replaced, and `${NAME:-other}` by the other where there is no such name."""

    def replaced(found: re.Match[str]) -> str:
        name, other = found[1], found[2]
        if name not in values and other is None:
            raise _NotUnderstood(
                "`${...}` in it names no variable that is set; in single quotes a value is taken as it stands"
            )
        return values.get(name, other or "")

    return _REFERENCE.sub(replaced, value)


def name_meant(line: str, known: AbstractSet[str]) -> str | None:
    """The setting that a line, or a name in one, seems to be about; None where it names none. Nothing else is shown."""
    for word in _WORD.findall(line)[:WORDS_LOOKED_AT]:
        if name := word.upper() if word.upper() in known else nearest(word, known):
            return name
    return None
