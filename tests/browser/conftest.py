"""The console as people have it: a real server, a real worker, a real browser."""

import itertools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from botocore.client import BaseClient
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    expect,
    sync_playwright,
)
from tests.integration.conftest import SAMPLE, Service, ended, serving, start

from passerby.access.encryption import open_key_file
from passerby.access.keys import AccessKey, AccessKeys
from passerby.bootstrap.background_tasks import artifact_maker
from passerby.bootstrap.installation import open_installation
from passerby.database.connection import open_database
from passerby.settings import Settings

from .stage import one_of_each

CHROMIUM = Path("/usr/bin/chromium")  # Debian's package `chromium`
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000  # for what takes some seconds on a machine with nothing else to do


@dataclass
class Console:
    """A running server with the sample clip in a bucket."""

    service: Service

    @cached_property
    def job_id(self) -> str:
        """A job that has found people in the sample; made for the first test that asks."""
        client = self.service.client()
        job_id = start(client, "people.mp4", JobTag="sample")
        assert ended(client, job_id, MaxResults=1)["JobStatus"] == "SUCCEEDED"
        return job_id

    @property
    def url(self) -> str:
        return f"{self.service.url}/console/"

    @property
    def key_id(self) -> str:
        return self.service.environment["AWS_ACCESS_KEY_ID"]

    @property
    def secret(self) -> str:
        return self.service.environment["AWS_SECRET_ACCESS_KEY"]


# Of a module: as long as Playwright lives, its event loop runs in this thread, and no other can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; without its program the tests are skipped, but not in CI."""
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all tests that do it no harm."""
    with serving(tmp_path_factory.mktemp("console")) as service:
        shutil.copy(SAMPLE, service.bucket / "people.mp4")
        yield Console(service)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server with jobs in every state, and nobody who works on them."""
    with serving(tmp_path_factory.mktemp("stage"), "--no-worker") as service:
        one_of_each(service.data)
        for name in ("people.mp4", "2026/11/entrance.mp4", "yard, seen from the roof.mp4"):
            path = service.bucket / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SAMPLE, path)
        yield Console(service)


@pytest.fixture(scope="session")
def cinema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server whose jobs, of `footage`, have ended already: workers make films only."""
    with (
        serving(tmp_path_factory.mktemp("cinema"), "--no-worker") as service,
        making_artifacts(service.data),
    ):
        yield Console(service)


@contextmanager
def making_artifacts(data: Path) -> Iterator[None]:
    """What a worker does beside jobs, in this process, while the block runs."""
    installation, stop = open_installation(Settings(data=data)), threading.Event()
    makers = [artifact_maker(installation, is_quick=is_quick) for is_quick in (True, False)]
    threads = [threading.Thread(target=maker.run, args=(stop,)) for maker in makers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        installation.database.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here; an error in a script fails the test."""
    new = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    new.set_default_timeout(PATIENCE_MS)
    yield new
    new.close()


@pytest.fixture
def outside(context: BrowserContext) -> Iterator[Page]:
    """A page of somebody who is not logged in; what a script or the policy complains of fails."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    # What the server refuses on purpose, the browser logs, too.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


@pytest.fixture
def page(outside: Page, console: Console) -> Page:
    """A page of somebody who is logged in, at the list of jobs."""
    log_in(outside, console.url, console.key_id, console.secret)
    return outside


@dataclass(frozen=True)
class Guest:
    """Somebody whose account nobody else uses, logged in."""

    page: Page
    key: AccessKey
    client: BaseClient

    def row(self, text: str) -> Locator:
        """The row of a job in the list."""
        return self.page.get_by_role("row").filter(has_text=text)


_accounts = itertools.count(500)


@pytest.fixture
def guest(outside: Page, console: Console) -> Guest:
    return logged_in(outside, console)


@pytest.fixture
def spectator(outside: Page, stage: Console) -> Guest:
    """A guest where nobody works."""
    return logged_in(outside, stage)


def logged_in(page: Page, console: Console) -> Guest:
    """Make a key of an account that nobody else uses, and log in with it."""
    with closing(open_database(f"sqlite:///{console.service.data}/passerby.db")) as database:
        keys = AccessKeys(database, open_key_file(console.service.data / "secret.key"))
        key = keys.create(f"{next(_accounts):012d}")
    log_in(page, console.url, key.id, key.secret)
    return Guest(page, key, console.service.client(key.id, key.secret))


@pytest.fixture
def viewer(outside: Page, cinema: Console) -> Page:
    """A page of somebody who is logged in where the jobs of `footage` are."""
    log_in(outside, cinema.url, cinema.key_id, cinema.secret)
    return outside


def log_in(page: Page, url: str, key_id: str, secret: str) -> None:
    """Log in as a person does."""
    page.goto(url)
    page.get_by_label("Access key ID").fill(key_id)
    page.get_by_label("Secret access key").fill(secret)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(url)
