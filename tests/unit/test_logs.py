import json
import logging
import re
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from passerby import logs

logger = logging.getLogger("passerby.somewhere")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Whatever a test sets up is gone after it."""
    names = ("", "passerby", "uvicorn")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = logging.getLogger().handlers
    yield
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers = handlers
    for each, level in before:
        each.setLevel(level)


def told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().err.splitlines()


def test_text_is_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    with logs.context(request_id="r-1", job_id="43ab"):
        logger.info("job %s: attempt %d", "43ab", 2)

    (line,) = told(capfd)

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO passerby\.somewhere: "
        r"job 43ab: attempt 2 request_id=r-1",
        line,
    )


def test_json_is_an_object_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with logs.context(job_id="43ab"):
        logs.add_context(status=400, ms=1.5)
        logger.warning("two\nlines, \ud800 and a %s", "näme")

    (line,) = told(capfd)

    written = json.loads(line)
    assert written.pop("time").endswith("+00:00")
    assert written.pop("process") > 0
    assert written == {
        "level": "warning",
        "logger": "passerby.somewhere",
        "message": "two\nlines, \ud800 and a näme",
        "job_id": "43ab",
        "status": 400,
        "ms": 1.5,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_has_its_traceback(form: logs.Form, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(form, "info")
    with logs.context(job_id="43ab"):
        logger.error("internal error", exc_info=OSError("disk on fire"))

    lines = told(capfd)

    assert "job_id" in lines[0]
    assert "43ab" in lines[0]
    assert "disk on fire" in lines[-1]
    assert (len(lines) == 1) is (form == "json")


def test_a_line_break_in_a_name_begins_no_line(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    with logs.context(job_id="x\nFAKE"):
        logger.info("bucket %s", "a\r\n2026-01-01 ERROR passerby: forged\x1b[2J")

    (line,) = told(capfd)

    assert r"a\x0d\x0a2026-01-01 ERROR" in line
    assert r"\x1b[2J" in line
    assert line.endswith(r"job_id=x\x0aFAKE")


def test_what_is_said_of_one_is_not_said_of_the_next(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    logs.add_context(key_id="nobody's")
    with logs.context(request_id="r-1"):
        with logs.context(job_id="43ab"):
            logs.add_context(status=200)
        logger.info("outer")
    logger.info("none")

    outer, none = map(json.loads, told(capfd))

    assert outer["request_id"] == "r-1"
    assert not {"job_id", "status"} & outer.keys()
    assert not {"request_id", "key_id"} & none.keys()


@pytest.mark.parametrize(
    ("level", "names"),
    [
        pytest.param(
            "debug", ["passerby 10", "passerby 20", "passerby 40", "uvicorn.error 20"], id="debug"
        ),
        pytest.param("info", ["passerby 20", "passerby 40", "uvicorn.error 20"], id="info"),
        pytest.param("error", ["passerby 40"], id="error"),
    ],
)
def test_other_libraries_only_warn(
    level: logs.Level, names: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("text", level)
    for number in (logging.DEBUG, logging.INFO, logging.ERROR):
        logging.getLogger("passerby").log(number, "passerby %d", number)
    for name in ("botocore.auth", "urllib3.connectionpool", "sqlalchemy.engine"):
        logging.getLogger(name).info("presigned")
    logging.getLogger("uvicorn.error").debug("uvicorn.error 10")
    logging.getLogger("uvicorn.error").info("uvicorn.error 20")

    assert [line.rpartition(": ")[2] for line in told(capfd)] == names


def test_a_warning_of_python_is_a_line_too(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)  # catch_warnings has put Python's own way back
        warnings.warn("old form", UserWarning, stacklevel=1)

    (line,) = told(capfd)
    assert "old form" in json.loads(line)["message"]


def warn_of(shard: int) -> int:
    """Stands for a shard of which something is told."""
    logging.getLogger("passerby.video").warning("shard %d is damaged", shard)
    return shard


@pytest.mark.parametrize("form", ["text", "json"])
def test_another_process_logs_alike(form: logs.Form, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(form, "info")
    with (
        logs.context(job_id="43ab"),
        ProcessPoolExecutor(1, get_context("spawn")) as pool,
    ):
        assert pool.submit(logs.current_log_settings().wrap(warn_of), 7).result() == 7

    (line,) = told(capfd)

    assert "shard 7 is damaged" in line
    assert "43ab" in line
    assert line.startswith("{") is (form == "json")


def test_where_nothing_was_set_up_another_process_sets_up_nothing() -> None:
    handlers = logging.getLogger().handlers

    assert logs.current_log_settings().run(warn_of, 7) == 7

    assert logging.getLogger().handlers is handlers
