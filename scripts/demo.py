"""Show the whole of passerby in half a minute, with a real AWS client.

    make demo                        the sample clip
    make demo VIDEO=street.mp4       a video of your own

Starts the server on a free loopback port with a fresh data folder, puts the video into
a bucket, runs an unchanged boto3 program against it, and leaves what it found in `demo/`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.client import BaseClient

from passerby.cli import terminal
from passerby.films.contact_sheet import write_contact_sheets
from passerby.films.overlay import write_overlay
from passerby.records import Sightings
from passerby.results.tables import read_table

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src" / "passerby" / "samples" / "people-walking.mp4"
BUCKET = "demo-videos"
PAGE_SIZE = 500


def main(video: Path, out: Path) -> None:
    """Run the demonstration on one video."""
    with tempfile.TemporaryDirectory(prefix="passerby-demo-") as folder:
        data = Path(folder)
        bucket = data / "buckets" / BUCKET
        bucket.mkdir(parents=True)
        shutil.copy(video, bucket)
        with server(data) as environment:
            os.environ.update(environment)
            job_id = analyse(video.name)
        found = read_table(data / "results" / job_id / "timestamp.parquet")
    say_goodbye(video, out, draw(video, found, out))


@contextmanager
def server(data: Path) -> Iterator[dict[str, str]]:
    """A server for as long as the block lasts; gives the environment its clients need."""
    command = [sys.executable, "-m", "passerby", "serve", "--port", "0", "--data", str(data)]
    log = (data / "server.log").open("w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(5)]
        if not all(lines):
            sys.exit("the server did not start: " + (data / "server.log").read_text())
        print("A server has started; any AWS client finds it by these lines:\n")
        print("\n".join(f"    export {line}" for line in lines), "\n")
        yield dict(line.split("=", 1) for line in lines)
    finally:
        process.terminate()
        process.wait()
        log.close()


def analyse(name: str) -> str:
    """What a program written for Amazon Rekognition does; returns the job id."""
    client = boto3.client("rekognition", region_name="us-east-1")
    video = {"S3Object": {"Bucket": BUCKET, "Name": name}}
    job_id: str = client.start_person_tracking(Video=video, JobTag="demo")["JobId"]
    began = time.monotonic()
    while (answer := client.get_person_tracking(JobId=job_id))["JobStatus"] == "IN_PROGRESS":
        time.sleep(0.5)
    if answer["JobStatus"] != "SUCCEEDED":
        sys.exit(f"The job failed: {answer['StatusMessage']}")
    seconds, film = time.monotonic() - began, answer["VideoMetadata"]["DurationMillis"] / 1000
    print(f"StartPersonTracking → SUCCEEDED after {seconds:.1f} s; the film lasts {film:.1f} s.")
    for order in ("TIMESTAMP", "INDEX"):
        pages = list(all_pages(client, job_id, order))
        count = sum(len(page["Persons"]) for page in pages)
        print(f"GetPersonTracking by {order}: {count} sightings on {len(pages)} pages.")
    print()
    return job_id


def all_pages(client: BaseClient, job_id: str, order: str) -> Iterator[dict[str, Any]]:
    """Pages of a result, by the loop of AWS's own tutorials."""
    token = ""
    while True:
        page = client.get_person_tracking(
            JobId=job_id, MaxResults=PAGE_SIZE, SortBy=order, NextToken=token
        )
        yield page
        if "NextToken" not in page:
            return
        token = page["NextToken"]


def draw(video: Path, found: Sightings, out: Path) -> list[Path]:
    """Write the marked video and the contact sheets."""
    terminal.out.print(terminal.persons_table(found))
    out.mkdir(parents=True, exist_ok=True)
    for sheet_of_earlier_run in out.glob("person-*.png"):
        sheet_of_earlier_run.unlink()
    marked = out / f"{video.stem}-annotated.mp4"
    write_overlay(str(video), found, marked)
    return [marked, *write_contact_sheets(str(video), found, out)]


def say_goodbye(video: Path, out: Path, pictures: list[Path]) -> None:
    """Say where everything is, and what to do next."""
    marked, *sheets = pictures
    shown = os.path.relpath(out)
    print(f"\nIn {shown}/: {marked.name}, and {len(sheets)} contact sheets, one a person.")
    if video == SAMPLE:
        print("\nWith your own video:         make demo VIDEO=street.mp4")
    print(
        "Without a server:            .venv/bin/passerby track street.mp4 --out found --annotate\n"
        "A server to stay:            .venv/bin/passerby serve\n"
    )


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--out", type=Path, default=ROOT / "demo", help="folder for the pictures")
    answers = parser.parse_args()
    if not answers.video.is_file():
        parser.error(f"there is no file {answers.video}")
    return answers


if __name__ == "__main__":
    main(**vars(asked()))
