"""Write the log: one line for each event, as text or as JSON, with its context.

The work for a request or a job runs within `context`. Every line that is logged
meanwhile, by any part, then carries the fields of that context; no call must add them.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
FieldValue = str | int | float

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# A line break in a name that a client chose must not begin a line of its own, nor may such a
# name move the cursor of a terminal, or turn the direction of the text: Unicode 17, C0, C1,
# separators of lines and paragraphs, and the controls of UAX 9.
_BIDIRECTIONAL = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = {
    number: f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004
    for number in (*range(32), *range(127, 160), 0x2028, 0x2029, *_BIDIRECTIONAL)
}
_CONTROLS_IN_TEXT = {number: text for number, text in _CONTROLS.items() if number != ord("\n")}

_context: ContextVar[dict[str, FieldValue] | None] = ContextVar("context", default=None)


def printable(text: str) -> str:
    r"""Return a text for a terminal, in which only line breaks are left of control characters.

    Examples
    --------
    >>> print(printable(chr(27) + "[2J"))
    \x1b[2J
    """
    return text.translate(_CONTROLS_IN_TEXT)


def one_line(text: str) -> str:
    """Return a text for a terminal, in which no control characters are left at all."""
    return text.translate(_CONTROLS)


@contextmanager
def context(**fields: FieldValue) -> Iterator[None]:
    """Add fields to every line that is logged within the block."""
    before = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(before)


def add_context(**fields: FieldValue) -> None:
    """Add fields to the innermost `context`; outside of any, do nothing."""
    fields_so_far = _context.get()
    if fields_so_far is not None:
        fields_so_far.update(fields)


def configure(form: Form, level: Level) -> None:
    """Log to standard error in this form, and nowhere else.

    `level` holds for the lines of passerby and of the server. Of other libraries only
    warnings are logged: their other lines contain signed URLs and credentials.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter(_TEXT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    own = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger("passerby").setLevel(own)
    logging.getLogger("uvicorn").setLevel(max(own, logging.INFO))


@dataclass(frozen=True)
class LogSettings:
    """Form, level and context of the log, to be set up again in another process."""

    form: Form | None  # None: not set up by `configure`
    level: Level
    fields: Mapping[str, FieldValue]

    def wrap(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function, so that another process calls it with this log."""
        return partial(self.run, function)

    def run(self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Set up the log in this process, then call a function within the context."""
        if self.form is not None:
            configure(self.form, self.level)
        with context(**self.fields):
            return function(*arguments, **options)


def current_log_settings() -> LogSettings:
    """Read the form, the level and the context of this process."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    own = (each for each in formatters if isinstance(each, _TextFormatter | _JsonFormatter))
    number = logging.getLogger("passerby").getEffectiveLevel()
    return LogSettings(
        form=next((formatter.form for formatter in own), None),
        level=_level(number),
        fields=dict(_context.get() or {}),
    )


def _level(number: int) -> Level:
    names: dict[int, Level] = {10: "debug", 20: "info", 30: "warning"}
    return names.get(number, "error")


class _TextFormatter(logging.Formatter):
    """Format a line for people: the fields follow it, except those it already mentions."""

    form: Form = "text"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own
        record.message = record.message.translate(_CONTROLS)
        fields = {name: str(value) for name, value in (_context.get() or {}).items()}
        unmentioned = [
            f" {name}={value}" for name, value in fields.items() if value not in record.message
        ]
        return super().formatMessage(record) + "".join(unmentioned).translate(_CONTROLS)


class _JsonFormatter(logging.Formatter):
    """Format a line for programs: one JSON object, whatever it contains."""

    form: Form = "json"

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, FieldValue] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process or 0,
            "message": record.getMessage(),
            **(_context.get() or {}),
        }
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line)
