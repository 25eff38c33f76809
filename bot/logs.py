"""Logging: structlog and the standard library through one chain, as JSON (one object a line) or for a console.

Nothing that a value holds can start a line of its own or reach the terminal as a control sequence, in either form.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from typing import Any, TextIO, cast

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from bot.config import LogFormat, LogLevel

OURS = ("adapters", "agent", "bot", "store")
HIDDEN = "•••"

_SECRET_KEY = re.compile(r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE)
_SECRETS_IN_TEXT = (
    re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}"),
    re.compile(r"(\w://[^\s:/@]*:)[^\s/@]+(?=@)"),  # the password in a URL
    re.compile(r"(?i)([?&](?:t|\w*token|\w*secret|password|sig|signature|code)=)[^&\s\"'#]+"),
)


def configure(level: LogLevel, log_format: LogFormat | None, stream: TextIO) -> None:
    """Sends every log line of the process to `stream`; without a format, console on a terminal and JSON elsewhere.

    `level` is ours. Libraries speak from warning on, since what they say below may show a query's parameters.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(log_format or (LogFormat.CONSOLE if stream.isatty() else LogFormat.JSON), stream))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in OURS:
        logging.getLogger(package).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_common(), ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter(log_format: LogFormat, stream: TextIO) -> ProcessorFormatter:
    if log_format is LogFormat.JSON:
        # ASCII, so that nothing a terminal or a pager acts on is left as it came.
        last: list[Processor] = [structlog.processors.JSONRenderer(ensure_ascii=True)]
    else:
        colours = stream.isatty() and not os.environ.get("NO_COLOR")
        renderer = structlog.dev.ConsoleRenderer(
            colors=colours,
            repr_native_str=True,  # values in quotes, their control characters escaped
            exception_formatter=structlog.dev.plain_traceback,
        )
        last = [_harmless, renderer]
    return ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _mask,
            *last,
        ],
    )


def _mask(_logger: object, _method: str, event: EventDict) -> EventDict:
    return _masked_mapping(event)


def _masked_mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): HIDDEN if _SECRET_KEY.search(str(key)) else _masked(value) for key, value in values.items()}


def _masked(value: object) -> object:
    """The value as plain data, without what looks like a secret."""
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return _masked_mapping(cast("Mapping[Any, Any]", value))
        case list() | tuple() | set() | frozenset():
            return [_masked(each) for each in cast("list[object]", value)]
        case BaseException():
            return _masked_text(repr(value))
        case _:
            return _masked_text(str(value))


def _masked_text(text: str) -> str:
    for pattern in _SECRETS_IN_TEXT:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def _harmless(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What the console renderer prints as it is: the event on one line, tracebacks indented under it."""
    event["event"] = _escaped(str(event.get("event", "")))
    for key in {"exception", "stack"} & event.keys():
        event[key] = "\n".join(f"    {_escaped(line)}" for line in str(event[key]).split("\n"))
    return event


def _escaped(text: str) -> str:
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
