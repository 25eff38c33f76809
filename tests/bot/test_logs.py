import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.stdlib import BoundLogger

from bot import logs
from bot.config import LogFormat, LogLevel

HOSTILE = "nice\r\n2026-11-22T00:00:00Z [critical ] forged \x1b[31mred\x1b[0m \x9b2J \u2028 \u202eevil"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def configured(log_format: LogFormat | None, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, log_format, stream)
    return stream


def our_log() -> BoundLogger:
    return structlog.get_logger("bot.somewhere")


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_is_one_object_a_line_with_a_utc_time() -> None:
    stream = configured(LogFormat.JSON)
    our_log().info("delivered", conversation=17)
    our_log().warning("delivered_late")
    first, second = objects(stream)
    assert (first["event"], first["conversation"], first["level"], first["logger"]) == (
        "delivered",
        17,
        "info",
        "bot.somewhere",
    )
    assert second["level"] == "warning"
    assert first["timestamp"].endswith("Z")
    assert abs(datetime.fromisoformat(first["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_standard_library_goes_through_the_same() -> None:
    stream = configured(LogFormat.JSON)
    logging.getLogger("aiohttp.server").error("Error handling %s", "request")
    (line,) = objects(stream)
    assert (line["event"], line["level"], line["logger"]) == ("Error handling request", "error", "aiohttp.server")


def test_libraries_are_heard_from_warning_on() -> None:
    stream = configured(LogFormat.JSON, LogLevel.DEBUG)
    logging.getLogger("sqlalchemy.engine").info("SELECT 'what a customer wrote'")
    our_log().debug("ours")
    assert [line["event"] for line in objects(stream)] == ["ours"]


def test_below_the_level_nothing_is_said() -> None:
    stream = configured(LogFormat.JSON, LogLevel.WARNING)
    our_log().info("chatter")
    assert stream.getvalue() == ""


def test_a_later_configuration_holds_for_loggers_used_before() -> None:
    log = our_log()
    configured(LogFormat.JSON)
    log.info("one")
    stream = configured(LogFormat.CONSOLE, LogLevel.ERROR)
    log.info("two")
    log.error("three")
    assert "three" in stream.getvalue()
    assert "two" not in stream.getvalue()


def test_without_a_format_a_terminal_gets_the_console_and_a_file_gets_json() -> None:
    terminal, file = Terminal(), io.StringIO()
    logs.configure(LogLevel.INFO, None, terminal)
    our_log().info("seen")
    logs.configure(LogLevel.INFO, None, file)
    our_log().info("kept")
    assert not terminal.getvalue().startswith("{")
    assert json.loads(file.getvalue())["event"] == "kept"


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, plain = Terminal(), Terminal()
    logs.configure(LogLevel.INFO, None, coloured)
    our_log().info("seen")
    monkeypatch.setenv("NO_COLOR", "1")
    logs.configure(LogLevel.INFO, None, plain)
    our_log().info("seen")
    assert "\x1b[" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def explode(text: str = HOSTILE) -> None:
    raise ValueError(text)


def test_an_exception_stands_inside_its_object() -> None:
    stream = configured(LogFormat.JSON)
    try:
        explode()
    except ValueError:
        our_log().exception("failed", error_id="abc")
        logging.getLogger("asyncio").exception("also")
    ours, theirs = objects(stream)
    for line in (ours, theirs):
        assert "ValueError: nice" in line["exception"]
        assert "explode" in line["exception"]
    assert ours["error_id"] == "abc"


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_no_value_forges_a_line_or_reaches_the_terminal_as_control(log_format: LogFormat) -> None:
    stream = configured(log_format)
    our_log().info(HOSTILE, text=HOSTILE, nested={"a": [HOSTILE], HOSTILE: 1}, error=ValueError(HOSTILE))
    logging.getLogger("aiohttp.access").warning("GET /%s", HOSTILE)
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert lines[-1] == ""
    assert all(character.isprintable() for line in lines for character in line)


def test_a_traceback_on_the_console_is_indented_so_that_no_line_of_it_passes_for_a_log_line() -> None:
    stream = configured(LogFormat.CONSOLE)
    try:
        explode()
    except ValueError as error:
        our_log().error("failed", exc_info=error)
    head, *rest = stream.getvalue().rstrip("\n").split("\n")
    assert "failed" in head
    assert any("forged" in line for line in rest)
    assert all(line.startswith("    ") for line in rest)
    assert all(character.isprintable() for line in (head, *rest) for character in line)


@given(st.text(), st.text())
def test_whatever_the_text_one_call_is_one_line(event: str, value: str) -> None:
    for log_format in LogFormat:
        stream = configured(log_format)
        our_log().info(event, text=value)
        assert stream.getvalue().count("\n") == 1
        assert stream.getvalue().rstrip("\n").isprintable()


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_secrets_are_masked_by_the_name_they_stand_under(log_format: LogFormat) -> None:
    stream = configured(log_format)
    our_log().info(
        "asked",
        webchat_secret="hush-1",
        password=b"hush-2",
        headers={"Authorization": "Bearer hush-3-abcdef", "X": [{"access_token": "hush-4"}]},
        port=3978,
    )
    assert "hush" not in stream.getvalue()
    assert "3978" in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hush-abcdefgh.123",
        "postgresql://casewright:hush@db/casewright",
        "GET /v3/directline/conversations/1/stream?watermark=-&t=hush HTTP/1.1",
        "GET /x?access_token=hush&y=1",
    ],
)
def test_secrets_are_masked_inside_text(text: str) -> None:
    stream = configured(LogFormat.JSON)
    our_log().info("seen", line=text, error=ConnectionError(text))
    logging.getLogger("aiohttp.web").error("%s", text)
    try:
        explode(text)
    except ValueError:
        our_log().exception("failed")
    assert "hush" not in stream.getvalue()
    assert len(objects(stream)) == 3


def test_warnings_of_python_are_log_lines() -> None:
    stream = configured(LogFormat.JSON)
    logging.getLogger("py.warnings").warning("x.py:1: DeprecationWarning: old")
    (line,) = objects(stream)
    assert line["logger"] == "py.warnings"
