"""Logging: no secret, no unsafe character and nothing without end in any line, whichever library wrote it."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.observability.late_logs import log_late
from adapters.observability.logs import RedactingHandler, configure_logging
from adapters.observability.redaction import LONGEST_TEXT_BYTES, REDACTED, UNSAFE, Redactor
from adapters.ports.program_log import ProgramLog
from adapters.settings.config import Config, load_config
from tests.hostile.rows import rows

TOKEN = "MTA1NTU1NTU1NTU1NTU1NTU1.GabcDE." + "x" * 38
KEY = "sk-configuredKeyOfStability0123"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure(tmp_path: Path) -> Iterator[Configure]:
    """Configure the real logging of this process with settings, onto a stream; afterwards all is as before."""
    root = logging.getLogger()
    former = (list(root.handlers), root.level, sys.excepthook, threading.excepthook)
    discord_levels = {name: logging.getLogger(name).level for name in ("discord", "discord.http")}

    def configured(stream: io.StringIO | None = None, **settings: str) -> io.StringIO:
        stream = stream or io.StringIO()
        root.handlers = [handler for handler in root.handlers if isinstance(handler, RedactingHandler)]
        secrets = {"DISCORD_TOKEN": TOKEN, "STABILITY_API_KEY": KEY}
        configure_logging(load_config({**secrets, **settings}, env_file=tmp_path / "none"), stream)
        return stream

    yield configured
    root.handlers, root.level, sys.excepthook, threading.excepthook = former
    for name, level in discord_levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("log", [ProgramLog("late"), logging.getLogger("late")])
def test_a_log_that_is_set_up_by_its_first_line_writes_that_line_too(configure: Configure, log: Any) -> None:
    """Of ours and of a library's, once, with all that is taken out of it; below its level nothing is set up."""
    streams: list[io.StringIO] = []
    log_late(lambda: streams.append(configure(LOG_FORMAT="json")), logging.WARNING)
    logging.getLogger("late").info("nobody asked for this")
    assert streams == []
    said = f"here is {TOKEN}"
    for _ in range(2):
        log.warning(said)
    entries = [json.loads(line) for line in streams[0].getvalue().splitlines()]
    assert [entry["event"] for entry in entries] == [f"here is {REDACTED}"] * 2
    assert len(streams) == 1


def last_entry(stream: io.StringIO) -> dict[str, Any]:
    """The last line, as the program that collects the logs reads it."""
    entry: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return entry


class TestHostileRows:
    """Each row of the area `applog`, and the one of `config` about the level."""

    FORMATS = pytest.mark.parametrize("form", ["json", "pretty"])
    LEVELS = pytest.mark.parametrize("level", ["DEBUG", "INFO"])

    @FORMATS
    @LEVELS
    @pytest.mark.parametrize("library", ["structlog", "logging"])
    def test_an_exception_that_holds_the_token_is_redacted(
        self, configure: Configure, form: str, level: str, library: str
    ) -> None:
        """In the message, in the traceback, and in the exception that caused it."""
        stream = configure(LOG_FORMAT=form, LOG_LEVEL=level)
        message = f"while using {TOKEN}"
        logger: Any = structlog.get_logger("x") if library == "structlog" else logging.getLogger("x")
        try:
            try:
                raise ValueError(f"login with {TOKEN} failed")
            except ValueError as error:
                raise RuntimeError(f"key {KEY}") from error
        except RuntimeError:
            logger.exception(message)
        text = stream.getvalue()
        assert "RuntimeError: key [redacted]" in text
        assert "login with [redacted] failed" in text
        assert TOKEN not in text
        assert KEY not in text

    @FORMATS
    @LEVELS
    @pytest.mark.parametrize(
        "sink",
        [
            lambda text: structlog.get_logger().info(text),
            lambda text: structlog.get_logger().info("x", field=text),
            lambda text: structlog.get_logger().info("x", deep={"a": [{"b": (text,)}]}),
            lambda text: structlog.get_logger().bind(bound=text).warning("x"),
            lambda text: logging.getLogger("other").info("%s", text),
            lambda text: logging.getLogger("other").error({"headers": text}),
        ],
    )
    def test_a_bearer_token_is_redacted_in_every_sink(
        self, configure: Configure, form: str, level: str, sink: Callable[[str], None]
    ) -> None:
        """Message, field, nested field, bound field, and the standard library."""
        stream = configure(LOG_FORMAT=form, LOG_LEVEL=level)
        sink("Authorization: Bearer sk-abc123")
        assert "sk-abc123" not in stream.getvalue()
        assert REDACTED in stream.getvalue()

    @FORMATS
    def test_text_that_turns_around_is_kept_as_an_escape(self, configure: Configure, form: str) -> None:
        """The reader sees what was sent and is not fooled by it."""
        stream = configure(LOG_FORMAT=form)
        structlog.get_logger().info("\u202eevil", name="\u202eevil")
        shown = last_entry(stream)["name"] if form == "json" else stream.getvalue()
        assert "\\u202eevil" in shown
        assert "\u202e" not in stream.getvalue()

    def test_credentials_of_an_address_are_redacted(self, configure: Configure) -> None:
        """User, password and key go; host and path stay."""
        stream = configure()
        structlog.get_logger().info("call", url="https://u:p@host/?api_key=sk-abc")
        assert last_entry(stream)["url"] == "https://[redacted]@host/?api_key=[redacted]"

    @FORMATS
    def test_a_megabyte_of_a_user_is_cut(self, configure: Configure, form: str) -> None:
        """At 2 kB, saying how much there was."""
        stream = configure(LOG_FORMAT=form)
        structlog.get_logger().info("x", prompt_of_user="é" * 1_000_000)
        assert stream.getvalue().count("é") == LONGEST_TEXT_BYTES // 2
        assert "(cut: 1000000 characters)" in stream.getvalue()

    def test_every_row_has_its_test(self) -> None:
        """A row that is added fails here until it is acted out above."""
        assert [row.source for row in rows("applog")] == [
            {"$scenario": "exception whose message holds the Discord token"},
            "Authorization: Bearer sk-abc123",
            "\u202eevil",
            "https://u:p@host/?api_key=sk-abc",
            {"$scenario": "1 MB user string logged"},
        ]


class TestRedactor:
    """What is a secret, and what is none."""

    redactor = Redactor(["configured secret/with+signs", "short"])

    @pytest.mark.parametrize(
        ("text", "clean"),
        [
            ("configured secret/with+signs!", "[redacted]!"),
            ("?k=configured%20secret%2Fwith%2Bsigns", "?k=[redacted]"),
            ("a short walk", "a short walk"),
            ("Authorization: Bot abc.def", "Authorization: Bot [redacted]"),
            ("{'Authorization': 'Basic dTpw'}", "{'Authorization': 'Basic [redacted]'}"),
            ("BEARER abc", "BEARER [redacted]"),
            ("invalid key sk_live_1234", "invalid key [redacted]"),
            ("the sk-abc123 of somebody", "the [redacted] of somebody"),
            ("the sk_abc123 of somebody", "the [redacted] of somebody"),
            ("signature=abcdef&x=1", "signature=[redacted]&x=1"),
            ("Password: abc", "Password: [redacted]"),
            ("secret = abc", "secret = [redacted]"),
            ("/interactions/123456789/abcdefghijklmnopqrstuvwxyz", "/interactions/123456789/[redacted]"),
            ("task-force disk_free risk-free", "task-force disk_free risk-free"),
            ("token=abc&width=5", "token=[redacted]&width=5"),
            ('{"api_key": "abc", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
            ("postgres://me@db/x", "postgres://[redacted]@db/x"),
            ("mail me@example.com", "mail me@example.com"),
            ("/webhooks/123456789/abcdefghijklmnopqrstuvwxyz/messages", "/webhooks/123456789/[redacted]/messages"),
            (f"x {'A' * 24}.{'b' * 6}.{'c' * 30} y", "x [redacted] y"),
            ("user 123456789012345678 saved image_12.png", "user 123456789012345678 saved image_12.png"),
            ("a\x1b[31mb\r\n\x00c\u2066d\ud800", "a\\x1b[31mb\\r\\n\\x00c\\u2066d\\ud800"),
        ],
    )  # fmt: skip
    def test_a_text(self, text: str, clean: str) -> None:
        """Before and after."""
        assert self.redactor.text(text) == clean

    def test_a_secret_across_the_cut_is_whole_when_it_is_found(self) -> None:
        """Cutting first would leave its beginning."""
        for before in range(LONGEST_TEXT_BYTES - 30, LONGEST_TEXT_BYTES + 1):
            assert "conf" not in self.redactor.text("-" * before + "configured secret/with+signs" + "-" * 99)

    def test_fields_named_for_secrets_are_redacted_whatever_they_hold(self) -> None:
        """A short or odd secret has no shape; a number is none."""
        entry = self.redactor(None, "", {"password": "x", "headers": {"Cookie": ["a"]}, "tokens": 5, "n": None})
        assert entry == {"password": REDACTED, "headers": {"Cookie": REDACTED}, "tokens": 5, "n": None}

    def test_what_is_large_or_no_plain_value_is_told_as_bounded_text(self) -> None:
        """Lists, depth, numbers, and objects by their text."""
        nested: Any = "end"
        for _ in range(9):
            nested = [nested]
        entry = self.redactor(
            None, "", {"many": list(range(99)), "deep": nested, "big": 2**70, "path": Path("a"), "ok": True}
        )
        assert entry["many"] == list(range(50))
        assert entry["deep"] == [[[["[[[[['end']]]]]"]]]]
        assert (entry["big"], entry["path"], entry["ok"]) == (str(2**70), "a", True)

    @given(st.text(max_size=300), st.text(max_size=300))
    @example("authorization: ", "")
    @example("\\", "'")
    def test_no_text_around_it_hides_a_secret(self, before: str, after: str) -> None:
        """Nor does anything unsafe get through, nor a length without end."""
        clean = self.redactor.text(before + "configured secret/with+signs" + after)
        assert "configured secret/with+signs" not in clean
        assert not UNSAFE.search(clean)

    def test_a_text_made_to_be_slow_is_not(self) -> None:
        """Quantifiers are bounded: a megabyte of what every shape begins with is done at once."""
        for hostile in ("://", "authorization:", "bearer ", "a" * 31 + ".", "token=" + " " * 9):
            assert len(self.redactor.text(hostile * (1_000_000 // len(hostile)))) < 20_000


class TestPipeline:
    """Formats, levels, and what the standard library sends."""

    @pytest.mark.parametrize(
        ("form", "stream", "is_json"),
        [
            ("auto", io.StringIO, True),
            ("auto", Terminal, False),
            ("json", Terminal, True),
            ("pretty", io.StringIO, False),
        ],
    )
    def test_json_off_a_terminal_and_lines_on_one(
        self, configure: Configure, form: str, stream: type[io.StringIO], is_json: bool
    ) -> None:
        """LOG_FORMAT overrides what the stream says; colours are for terminals alone."""
        shown = configure(stream(), LOG_FORMAT=form)
        structlog.get_logger("abby.x").info("image saved", user="42", size_bytes=5)
        text = shown.getvalue()
        assert text.startswith("{") is is_json
        assert ("\x1b[" in text) is (stream is Terminal and not is_json)
        if is_json:
            entry = last_entry(shown)
            assert entry.pop("time").endswith("Z")
            assert entry == {"event": "image saved", "user": "42", "size_bytes": 5, "level": "info", "logger": "abby.x"}

    def test_the_level_holds_for_both_libraries(self, configure: Configure) -> None:
        """What is below it is not written."""
        stream = configure(LOG_LEVEL="WARNING")
        structlog.get_logger().info("no")
        logging.getLogger("x").info("no")
        assert stream.getvalue() == ""
        structlog.get_logger().warning("yes")
        logging.getLogger("x").warning("yes")
        assert len(stream.getvalue().splitlines()) == 2

    @pytest.mark.parametrize("name", ["discord.http", "discord.gateway", "discord.webhook.async_"])
    def test_discord_never_goes_below_info(self, configure: Configure, name: str) -> None:
        """Its DEBUG lines are made of tokens; INFO and above are written."""
        stream = configure(LOG_LEVEL="DEBUG")
        logging.getLogger("other").debug("yes")
        logging.getLogger(name).debug("no")
        logging.getLogger(name).info("yes")
        assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["yes", "yes"]
        configure(LOG_LEVEL="ERROR")
        assert not logging.getLogger(name).isEnabledFor(logging.WARNING)

    def test_a_second_call_replaces_the_first(self, configure: Configure) -> None:
        """Each entry is written once, to the newer stream."""
        first, second = configure(), configure()
        structlog.get_logger().info("x")
        assert (first.getvalue(), len(second.getvalue().splitlines())) == ("", 1)
        assert sum(isinstance(handler, RedactingHandler) for handler in logging.getLogger().handlers) == 1

    def test_bound_context_reaches_every_entry(self, configure: Configure) -> None:
        """A request's reference, say, also in what another library logs."""
        stream = configure()
        with structlog.contextvars.bound_contextvars(reference="r1"):
            logging.getLogger("x").warning("y")
        assert last_entry(stream)["reference"] == "r1"

    def test_an_entry_that_cannot_be_made_tells_nothing_of_it(self, configure: Configure) -> None:
        """The standard library would print all arguments with a traceback."""
        stream = configure()
        logging.getLogger("x").warning("%d", f"no number but {TOKEN}")
        assert stream.getvalue().startswith("a log entry of x, line ")
        assert stream.getvalue().endswith(", could not be written\n")
        stream.close()
        logging.getLogger("x").warning("nobody listens")

    def test_one_of_our_own_that_cannot_be_made_tells_nothing_of_it_either(self, configure: Configure) -> None:
        """It goes another way."""

        class Unprintable:
            def __str__(self) -> str:
                raise ValueError(TOKEN)

        stream = configure()
        structlog.wrap_logger(logging.getLogger("x")).warning("y", value=Unprintable())
        assert stream.getvalue() == "a log entry of x, could not be written\n"

    def test_an_uncaught_exception_becomes_an_entry(self, configure: Configure) -> None:
        """Of the main thread, and of another; Ctrl+C is no fault."""
        stream = configure()
        error = ValueError(f"with {TOKEN}")
        sys.excepthook(ValueError, error, None)
        assert last_entry(stream)["exception"] == "ValueError: with [redacted]"

        def fail() -> None:
            raise LookupError(KEY)

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        assert last_entry(stream)["exception"].endswith("LookupError: [redacted]")
        before = stream.getvalue()
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert stream.getvalue() == before

    def test_a_traceback_keeps_its_lines(self, configure: Configure) -> None:
        """It is not put on one line, nor cut at the limit of a field."""
        stream = configure()
        try:
            raise ValueError("x" * 5_000)
        except ValueError:
            structlog.get_logger().exception("failed")
        shown = last_entry(stream)["exception"]
        assert shown.startswith("Traceback (most recent call last):\n")
        assert shown.endswith("x" * 5_000)


def test_a_config_is_all_that_logging_asks_for(configure: Configure) -> None:
    """The default stream is standard error, so that a command's table or JSON stays clean."""
    configure()
    configure_logging(Config())
    (handler,) = (handler for handler in logging.getLogger().handlers if isinstance(handler, RedactingHandler))
    assert handler.stream is sys.stderr
