"""Sets up logging: one line per event, JSON unless on a terminal, no personal data.

Modules use `logging.getLogger(__name__)`, with parties in ``extra`` under the names below;
structlog renders the lines. Masking is the second line of defence, not the first: do not log
numbers, texts or paths of links.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import Processor

from fanzha.phone import masked
from infra.url_secrets import hidden

PARTIES = {
    *("caller", "callee", "number", "sender", "receiver", "subscriber", "party"),
    *("from_party", "to_party", "pattern", "phone"),
}
"""Fields whose values are masked."""
BODIES = {"text", "body", "message", "note"}
"""Fields whose values are replaced by their length."""
LINKS = {"url", "link", "urls", "links"}
"""Fields reduced to their host."""

_QUIET = {"grpc": logging.WARNING, "asyncio": logging.WARNING, "filelock": logging.WARNING}
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|(?<![\w.+-])(?:0086|86)?1[3-9][0-9]{9}(?![\w.-])")
_URL = re.compile(r"(https?://)(?:[^\s/@]*@)?([^\s/?#'\"]+)[^\s'\"]*")

_HOST = re.compile(r"(?:[A-Za-z][\w+.-]*://)?(?:[^\s/?#@]*@)?([^\s/?#]*)")


def configure(
    *,
    level: str = "info",
    form: Literal["auto", "json", "console"] = "auto",
    stream: Any = None,
) -> None:
    """Send all logging of this process to *stream*, standard error unless given."""
    target = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not target.isatty())
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_chain(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json, target),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def without_personal_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask parties, drop texts, keep only the hosts of links."""
    for field, value in event.items():
        if field in PARTIES:
            event[field] = _each(value, masked)
        elif field in BODIES:
            event[field] = f"<{len(str(value))} characters>"
        elif field in LINKS:
            event[field] = _each(value, _host)
        elif isinstance(value, str):
            event[field] = _clean(value)
    return event


def _chain() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.format_exc_info,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_personal_data,
    ]


def _renderers(as_json: bool, target: Any) -> list[Processor]:
    if as_json:
        return [structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [structlog.dev.ConsoleRenderer(colors=target.isatty())]


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return [change(str(one)) for one in value]
    return change(str(value))


def _host(link: str) -> str:
    match = _HOST.match(link)
    return match[1] if match else ""


def _clean(line: str) -> str:
    line = _NUMBER.sub(lambda match: masked(match[0]), line)
    return hidden(_URL.sub(r"\1\2/…", line))
