"""How the log reads: a line an event, as text or as JSON, that says what it is about.

What is done for a request or a job is done within `about`. Every line that is logged
meanwhile, by whichever part, then names it; no call has to.
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
Fact = str | int | float

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# A line break in a name that a client chose must not begin a line of its own.
_CONTROLS = {number: f"\\x{number:02x}" for number in (*range(32), 127)}

_facts: ContextVar[dict[str, Fact] | None] = ContextVar("facts", default=None)


@contextmanager
def about(**facts: Fact) -> Iterator[None]:
    """What the lines logged in this block are about, beside what they are already."""
    before = _facts.set({**(_facts.get() or {}), **facts})
    try:
        yield
    finally:
        _facts.reset(before)


def note(**facts: Fact) -> None:
    """Add what has become known to the innermost `about`; outside of any, nothing happens."""
    known = _facts.get()
    if known is not None:
        known.update(facts)


def configure(form: Form, level: Level) -> None:
    """Log to standard error in this form, and nowhere else.

    `level` is that of passerby's own lines and of the server's. Other libraries warn
    only: what they tell beyond that holds signed URLs and credentials.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLine() if form == "json" else _TextLine(_TEXT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    own = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger("passerby").setLevel(own)
    logging.getLogger("uvicorn").setLevel(max(own, logging.INFO))


@dataclass(frozen=True)
class Surroundings:
    """How a process logs, and what about, for another one to do the same."""

    form: Form | None  # None: as somebody else has set it up
    level: Level
    facts: Mapping[str, Fact]

    def around(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, for another process to call: `run` with it."""
        return partial(self.run, function)

    def run(self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call a function here, the log as it was there."""
        if self.form is not None:
            configure(self.form, self.level)
        with about(**self.facts):
            return function(*arguments, **options)


def surroundings() -> Surroundings:
    """Those of the caller."""
    forms = [line.formatter for line in logging.getLogger().handlers]
    number = logging.getLogger("passerby").getEffectiveLevel()
    return Surroundings(
        form=next((line.form for line in forms if isinstance(line, _TextLine | _JsonLine)), None),
        level=_level(number),
        facts=dict(_facts.get() or {}),
    )


def _level(number: int) -> Level:
    names: dict[int, Level] = {10: "debug", 20: "info", 30: "warning"}
    return names.get(number, "error")


class _TextLine(logging.Formatter):
    """For people: what a line is about follows it, save what it says itself."""

    form: Form = "text"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own
        record.message = record.message.translate(_CONTROLS)
        facts = {name: str(fact) for name, fact in (_facts.get() or {}).items()}
        unsaid = [f" {name}={fact}" for name, fact in facts.items() if fact not in record.message]
        return super().formatMessage(record) + "".join(unsaid).translate(_CONTROLS)


class _JsonLine(logging.Formatter):
    """For programs: an object a line, whatever is in it."""

    form: Form = "json"

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Fact] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process or 0,
            "message": record.getMessage(),
            **(_facts.get() or {}),
        }
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line)
