"""`.env`: every line is understood, or told with file and line, what is wrong and how it would be right; no value is
shown.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports.faults import ConfigError
from adapters.settings.config import known_names
from adapters.settings.env_file import MOST_BYTES, MOST_LINES_TOLD, read_env_file
from adapters.settings.sources import Sources

KNOWN = known_names()
SECRET = "MTIzSECRET"

UNDERSTOOD = [
    ("HTTP_PORT=9", "9"),
    ("http_port=9", "9"),
    ("export HTTP_PORT=9", "9"),
    ("  HTTP_PORT  =  9  ", "9"),
    ("\u00a0HTTP_PORT=9\u00a0", "9"),
    ("HTTP_PORT=9 # a comment", "9"),
    ("HTTP_PORT='9' # a comment", "9"),
    ('HTTP_PORT="9"# a comment', "9"),
    ("HTTP_PORT=", ""),
    ("HTTP_PORT= # nothing yet", ""),
    ("HTTP_PORT=#9", "#9"),
    ("HTTP_PORT=9#9", "9#9"),
    ("HTTP_PORT=a=b:c", "a=b:c"),
    ("HTTP_PORT='it\\'s \\n ${HOME}'", "it's \\n ${HOME}"),
    ('HTTP_PORT="a \\"b\\" \\t\\\\"', 'a "b" \t\\'),
    ("HTTP_PORT=C:\\new\\folder", "C:\\new\\folder"),
    ("HTTP_PORT=${PORT}", "99"),
    ('HTTP_PORT="${NONE:-8}1"', "81"),
    ("PORT=7\nHTTP_PORT=${PORT}", "7"),
    ("HTTP_PORT=9\n\n# HTTP_PORT=10\n   \n", "9"),
    ("HTTP_PORT=9\r\nHTTP_HOST=x\r\n", "9"),
    ("HTTP_PORT=9\rHTTP_HOST=x", "9"),
    ("HTTP_PORT=a\u2028b", "a\u2028b"),
]

NOT_UNDERSTOOD = [
    (f"HTTP_PORT: {SECRET}", "a colon stands where `=` belongs", "HTTP_PORT"),
    (f"HTTP_PORT : {SECRET}=", "a colon stands where `=` belongs", "HTTP_PORT"),
    (f"HTTP_PROT: {SECRET}", "a colon", "HTTP_PORT"),
    (f"SOMETHING: {SECRET}", "a colon", "NAME"),
    (f"set HTTP_PORT={SECRET}", "a command of a shell", "HTTP_PORT"),
    (f"SETX HTTP_PORT {SECRET}", "a command of a shell", "HTTP_PORT"),
    (f"declare -x HTTP_PORT={SECRET}", "a command of a shell", "HTTP_PORT"),
    (f"$env:HTTP_PORT={SECRET}", "a command of PowerShell", "HTTP_PORT"),
    (f'$Env:HTTP_PORT = "{SECRET}"', "a command of PowerShell", "HTTP_PORT"),
    (f'HTTP_PORT="{SECRET}', "not closed", "HTTP_PORT"),
    (f"HTTP_PORT='{SECRET}", "not closed", "HTTP_PORT"),
    (f"HTTP_PORT='{SECRET}\"", "not closed", "HTTP_PORT"),
    (f'HTTP_PORT="C:\\{SECRET}\\"', "not closed in this line (a backslash", "HTTP_PORT"),
    (f"HTTP_PORT={SECRET}'", "a quote ends its value", "HTTP_PORT"),
    (f'HTTP_PORT="9" {SECRET}', "something follows", "HTTP_PORT"),
    (f"HTTP_PORT=\u201c{SECRET}\u201d", "curly", "HTTP_PORT"),
    (f"HTTP_PORT={SECRET}\u2019", "a quote ends its value", "HTTP_PORT"),
    (f"'HTTP_PORT'={SECRET}", "quotes stand round its name", "HTTP_PORT"),
    (f"\u201cHTTP_PORT\u201d={SECRET}", "quotes stand round its name", "HTTP_PORT"),
    ("HTTP_PORT", "no `=`", "HTTP_PORT"),
    (f"HTTP_PORT {SECRET}", "no `=`", "HTTP_PORT"),
    ("export HTTP_PORT", "no `=`", "HTTP_PORT"),
    (SECRET, "no `=`", "NAME"),
    (f"[{SECRET}]", "no `=`", "NAME"),
    (f"; {SECRET}=1", "part of no name", "NAME"),
    (f"- HTTP_PORT={SECRET}", "part of no name", "HTTP_PORT"),
    (f"\u200bHTTP_PORT={SECRET}", "part of no name", "HTTP_PORT"),
    (f"HTTP PORT={SECRET}", "part of no name", "NAME"),
    (f"\u041dTTP_PORT={SECRET}", "part of no name", "HTTP_PORT"),
    (f"={SECRET}", "part of no name", "NAME"),
    (f"HTTP_PORT=${{{SECRET}}}", "names no variable that is set", "HTTP_PORT"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file stands."""
    return tmp_path / ".env"


@pytest.mark.parametrize(("text", "value"), UNDERSTOOD)
def test_every_usual_form_of_a_line_is_understood(path: Path, text: str, value: str) -> None:
    """As shells, other programs and editors write it."""
    path.write_bytes(text.encode())
    assert read_env_file(path, KNOWN, {"PORT": "99"}).entries["HTTP_PORT"].value == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_of_windows_powershell_is_read(path: Path, encoding: str) -> None:
    """`>` of an older PowerShell writes UTF-16, with a byte order mark."""
    mark = "\ufeff" if encoding.endswith("e") else ""
    path.write_bytes(f"{mark}HTTP_PORT=9\r\nHTTP_HOST=\u00e4\r\n".encode(encoding))
    found = read_env_file(path, KNOWN, {})
    assert {name: entry.value for name, entry in found.entries.items()} == {"HTTP_PORT": "9", "HTTP_HOST": "\u00e4"}


@pytest.mark.parametrize(("text", "why", "name"), NOT_UNDERSTOOD)
def test_a_line_that_is_not_understood_is_told(path: Path, text: str, why: str, name: str) -> None:
    """File, line, what is wrong, how it would be right; and nothing that may be a secret."""
    path.write_text(f"HTTP_HOST=x\n\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_env_file(path, KNOWN, {})
    told = str(refused.value)
    assert told.startswith(f"{path} line 3: ")
    assert why in told
    assert f"Write {name}=VALUE" in told
    assert "SECRET" not in told
    assert "\n" not in told


def test_all_lines_are_told_at_once_up_to_a_bound(path: Path) -> None:
    """So that a person mends them in one go, and a wrong file does not fill a terminal."""
    path.write_text("x\nHTTP_PORT=9\ny\n")
    with pytest.raises(ConfigError) as refused:
        read_env_file(path, KNOWN, {})
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [f"{path} line 1", f"{path} line 3"]
    path.write_text("x\n" * (MOST_LINES_TOLD + 7))
    with pytest.raises(ConfigError, match=r"and 7 more lines of ") as refused:
        read_env_file(path, KNOWN, {})
    assert str(refused.value).count("\n") == MOST_LINES_TOLD


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("HTTP_HOST=x\nGR\u00d6SSE=1".encode("latin-1"), "line 2: the file is not UTF-8 text; save it again as UTF-8"),
        ("HTTP_PORT=1\n".encode("utf-16-le"), "line 1: a zero byte, so the file is no plain text; save it again"),
        (b"HTTP_HOST=x\nHTTP_PORT=1\0\n", "line 2: a zero byte"),
        (b"\xff\xfeH", "line 1: the file is not UTF-8 text"),
        (b"#" * (MOST_BYTES + 1), "more than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_a_sentence(path: Path, data: bytes, told: str) -> None:
    """Other encodings, what is half of one, and what is no file of settings at all."""
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=told):
        read_env_file(path, KNOWN, {})


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, path: Path) -> None:
    """A folder of that name, a link that leads nowhere or in a circle, a path below a file; none at all is fine."""
    assert not read_env_file(path, KNOWN, {}).entries
    path.symlink_to(tmp_path / "nothing")
    with pytest.raises(ConfigError, match=r"\.env is a link that leads nowhere"):
        read_env_file(path, KNOWN, {})
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        read_env_file(path, KNOWN, {})
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match=r"\.env is a folder"):
        read_env_file(path, KNOWN, {})
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_env_file(tmp_path / "file" / ".env", KNOWN, {})


def test_a_name_that_stands_twice_is_told(path: Path) -> None:
    """The last line holds, as in other programs; the person may have changed the first one in vain."""
    path.write_text("HTTP_PORT=1\nhttp_port=2\nSomeSecret=1\nSomeSecret=1\n")
    found = read_env_file(path, KNOWN, {})
    assert found.entries["HTTP_PORT"].value == "2"
    assert found.oddities == (
        f"{path} line 2: http_port stands in line 1 too; line 2 holds.",
        f"{path} line 4: the same name stands in line 3 too; line 4 holds.",
    )


def test_a_key_that_was_put_there_alone_is_shown_in_no_warning(path: Path) -> None:
    """Base64 may end in `=`, and is then a name without a value; a name of capitals is one."""
    path.write_text(f"{SECRET}=\nTZ=UTC\nhttp_prt=1\n")
    told = Sources.read(env_file=path, known=KNOWN).warnings(KNOWN)
    assert [line for line in told if str(path) in line] == [
        f"a name ({path} line 1) is not a setting and is ignored.",
        f"TZ ({path} line 2) is not a setting and is ignored.",
        f"http_prt ({path} line 3) is not a setting and is ignored; did you mean HTTP_PORT?",
    ]
