"""Looking through the buckets, starting analyses, and the list of them."""

import html
import re
from contextlib import closing

import pytest
from tests.browser.stage import Stager

from .conftest import ConsoleServer


@pytest.mark.parametrize(
    "query",
    [
        "bucket=..",
        "bucket=.",
        "bucket=cctv&prefix=../",
        "bucket=cctv&prefix=../archive/",
        "bucket=cctv&prefix=2026/../../",
        "bucket=cctv&prefix=/etc/",
        "bucket=/etc",
        "bucket=%00",
        "bucket=cctv/2026",
    ],
)
def test_browsing_cannot_leave_a_bucket(console: ConsoleServer, query: str) -> None:
    page = console.user().get(f"/console/start?{query}").text

    assert "There is no such bucket, object or version." in page
    assert "secret.key" not in page
    assert "passwd" not in page


def test_a_form_sent_twice_makes_one_job(console: ConsoleServer) -> None:
    user = console.user()
    token = re.findall(
        'name="token" value="([0-9a-f]{32})"',
        user.get("/console/start?bucket=cctv&key=c.mp4").text,
    )[0]

    for _ in range(2):
        sent = user.post("/console/start", bucket="cctv", key="c.mp4", token=token)
        assert sent.status == 303

    assert user.get("/console/").text.count('<tr role="row" data-job=') == 1


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        pytest.param({"key": "no.mp4"}, "There is no such bucket, object or version.", id="gone"),
        pytest.param({"token": ""}, "This form is out of date.", id="no token"),
        pytest.param({"tag": "two words"}, "failed to satisfy constraint", id="a tag with a space"),
    ],
)
def test_what_cannot_be_started(
    console: ConsoleServer, form: dict[str, str], sentence: str
) -> None:
    members = {"bucket": "cctv", "key": "c.mp4", "token": "t" * 16, **form}

    answer = console.user().post("/console/start", **members)

    assert answer.status in {400, 404}
    assert sentence in answer.text


def test_thousands_of_jobs_page_by_page(console: ConsoleServer) -> None:
    key = console.key()
    with closing(Stager(console.data)) as stage:
        made = [
            stage.queued(f"cctv/{n}.mp4", "even" if n % 2 == 0 else "odd", key.account_id).id
            for n in range(130)
        ]
    user = console.user(key)

    def listed(path: str) -> list[str]:
        found: list[str] = []
        while path:
            page = user.get(path).text
            found += re.findall('data-job="([0-9a-f]{64})"', page)
            following = re.findall('href="([^"]*)" rel="next"', page)
            path = following[0].replace("&amp;", "&") if following else ""
        return found

    assert listed("/console/") == made[::-1]
    assert listed("/console/?tag=even") == made[::-1][1::2]
    assert listed("/console/?state=open&tag=odd") == made[::-1][::2]
    assert listed("/console/?state=succeeded") == []


@pytest.mark.parametrize(
    ("warnings", "title"),
    [
        ([], None),
        (["Doubtful: persons 2 never move <b>."], "1 thing to know"),
        (["It is damaged.", "It ends early."], "2 things to know"),
    ],
)
def test_what_is_to_be_known_about_a_result(
    console: ConsoleServer, warnings: list[str], title: str | None
) -> None:
    with closing(Stager(console.data)) as stage:
        job = stage.succeeded("cctv/c.mp4", 1, warnings=warnings)

    page = console.user(console.keys.create(job.account_id)).get(f"/console/jobs/{job.id}").text

    assert all(html.escape(warning) in page for warning in warnings)
    assert ("to know about this result" in page) == bool(warnings)
    assert title is None or title in page


@pytest.mark.parametrize(
    ("operations", "may"),
    [
        pytest.param((), True, id="no limits"),
        pytest.param(
            ("GetPersonTracking", "StartPersonTracking", "DeleteJob"), True, id="the right by name"
        ),
        pytest.param(("GetPersonTracking", "StartPersonTracking"), False, id="without the right"),
    ],
)
def test_who_may_delete_a_job(
    console: ConsoleServer,
    operations: tuple[str, ...],
    may: bool,  # noqa: FBT001
) -> None:
    key = console.key(operations=operations)
    with closing(Stager(console.data)) as stage:
        job = stage.failed("cctv/c.mp4", "No.", key.account_id)
    user = console.user(key)
    page = f"/console/jobs/{job.id}"

    assert ("Delete for good" in user.get(page).text) == may
    answer = user.post(f"{page}/delete")

    assert answer.status == (303 if may else 403)
    assert user.get(page).status == (404 if may else 200)


def test_a_job_that_waits_has_to_be_cancelled_first(console: ConsoleServer) -> None:
    key = console.key()
    with closing(Stager(console.data)) as stage:
        job = stage.queued("cctv/c.mp4", account_id=key.account_id)
    user = console.user(key)

    assert "Delete for good" not in user.get(f"/console/jobs/{job.id}").text
    answer = user.post(f"/console/jobs/{job.id}/delete")

    assert (answer.status, "cancel it first" in answer.text) == (409, True)


def test_nobody_deletes_a_job_of_another_account(console: ConsoleServer) -> None:
    key = console.key()
    with closing(Stager(console.data)) as stage:
        job = stage.failed("cctv/c.mp4", "No.", key.account_id)

    assert console.user().post(f"/console/jobs/{job.id}/delete").status == 404
    assert console.user(key).get(f"/console/jobs/{job.id}").status == 200
