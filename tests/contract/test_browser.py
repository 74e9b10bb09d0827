"""Pages of other origins in a real browser, with the SDK for JavaScript in it."""

import http.server
import itertools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import JAVASCRIPT, Server, a_walk, serving

VIDEO = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
HOUR_MS = 3_600_000
# What each `Date` of a page is made of.
CLOCK = """
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) { given.length ? super(...given) : super(RealDate.now() + OFFSET); }
  static now() { return RealDate.now() + OFFSET; }
};
"""


@pytest.fixture(scope="module")
def bundle(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with an empty page and the SDK as one script."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text('<!doctype html><script src="sdk.js"></script>')
    bundler = str(JAVASCRIPT / "node_modules" / ".bin" / "esbuild")
    command = [node, bundler, "browser.mjs", "--bundle", "--platform=browser"]
    command += ["--log-level=error", f"--outfile={folder / 'sdk.js'}"]
    subprocess.run(command, cwd=JAVASCRIPT, check=True, timeout=PATIENCE_SECONDS)
    return folder


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A web server with the files of a folder; gives its origin."""

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - its own
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def origin(bundle: Path) -> Iterator[str]:
    with site(bundle) as origin:
        yield origin


@pytest.fixture(scope="module")
def other_origin(bundle: Path) -> Iterator[str]:
    with site(bundle) as origin:
        yield origin


@pytest.fixture(scope="module")
def open_server(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that pages of one origin may call."""
    with serving(tmp_path_factory.mktemp("service"), cors_origins=[origin.upper()]) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser,
    ):
        yield browser


_accounts = itertools.count(1)


@pytest.fixture
def key(open_server: Server) -> AccessKey:
    return open_server.keys.create(f"{next(_accounts):012d}")


@contextmanager
def page_of(browser: Browser, origin: str, offset_ms: int = 0) -> Iterator[Page]:
    with browser.new_page() as page:
        page.add_init_script(CLOCK.replace("OFFSET", str(offset_ms)))
        page.goto(origin)
        yield page


def ask(page: Page, server: Server, key: AccessKey, action: str, **members: object) -> Any:  # noqa: ANN401 - JSON
    given = [server.url, key.id, key.secret, action, members]
    return page.evaluate("given => ask(...given)", given)


def test_a_page_starts_a_job_and_reads_it(
    browser: Browser, origin: str, open_server: Server, key: AccessKey
) -> None:
    with page_of(browser, origin) as page:
        started = ask(page, open_server, key, "start", Video=VIDEO)
        open_server.finish(started["answer"]["JobId"], a_walk(3))
        read = ask(page, open_server, key, "get", JobId=started["answer"]["JobId"])

    assert [each["Timestamp"] for each in read["answer"]["Persons"]] == [0, 1, 2]
    assert started["requestId"]
    assert started["requestId"] != read["requestId"]


def test_a_page_can_read_errors(
    browser: Browser, origin: str, open_server: Server, key: AccessKey
) -> None:
    with page_of(browser, origin) as page:
        told = ask(page, open_server, key, "get", JobId="0" * 64)

    assert (told["error"], told["message"]) == ("ResourceNotFoundException", "Could not find JobId")
    assert told["requestId"]


@pytest.mark.parametrize("offset_ms", [-HOUR_MS, HOUR_MS])
def test_a_page_whose_clock_is_wrong_corrects_it(
    browser: Browser, origin: str, open_server: Server, key: AccessKey, offset_ms: int
) -> None:
    with page_of(browser, origin, offset_ms) as page:
        started = ask(page, open_server, key, "start", Video=VIDEO)

    assert started["attempts"] == 2
    assert len(started["answer"]["JobId"]) == 64


def test_pages_of_other_origins_get_nothing(
    browser: Browser, other_origin: str, open_server: Server, key: AccessKey
) -> None:
    with page_of(browser, other_origin) as page:
        told = ask(page, open_server, key, "start", Video=VIDEO)

    assert told["error"] == "TypeError"
    assert open_server.jobs.recent(1, account_id=key.account_id) == []
