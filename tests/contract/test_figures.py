"""What docs/operations.md says of `/metrics`, and the alerts, against a real server."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.waiting import PATIENCE_SECONDS

from .test_server_process import code, serving

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (`[a-z_]+[^|]*) \| (counter|gauge|histogram) \|", re.MULTILINE)
FIGURE = re.compile(r"`([a-z_]+)(?:\{([a-z, ]+)\})?`")
# Parts of a histogram.
ENDINGS = ("_bucket", "_count", "_sum")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Metric]]:
    with serving(tmp_path_factory.mktemp("figures")) as running:
        assert code(running) == "ResourceNotFoundException"
        connection = http.client.HTTPConnection(
            urlsplit(running.url).netloc, timeout=PATIENCE_SECONDS
        )
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        yield list(text_string_to_metric_families(text))


def answered(families: list[Metric]) -> dict[str, tuple[str, set[str]]]:
    """Kind and labels by the name that a table of figures has for it."""
    return {
        each.name + ("_total" if each.type == "counter" else ""): (
            each.type,
            {label for sample in each.samples for label in sample.labels} - {"le"},
        )
        for each in families
        if not each.name.endswith("_created")
    }


def test_the_documented_figures_are_those_that_are_answered(families: list[Metric]) -> None:
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = {
        name: (row[2], set(labels.split(", ")) if labels else set())
        for row in ROW.finditer(table)
        for name, labels in FIGURE.findall(row[1])
    }

    assert documented == answered(families)


def test_the_documented_states_are_those_that_are_answered(families: list[Metric]) -> None:
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in ("passerby_jobs", "passerby_messages"):
        (row,) = re.findall(rf"^\| `{name}{{state}}` .*$", table, re.MULTILINE)
        (family,) = (each for each in families if each.name == name)

        assert {sample.labels["state"] for sample in family.samples} <= set(
            re.findall(r"`([a-z ]+)`", row)
        )


def test_alerts_ask_for_figures_that_there_are(families: list[Metric]) -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yaml").read_text(encoding="utf-8"))
    asked = " ".join(rule["expr"] for group in rules["groups"] for rule in group["rules"])
    there = answered(families)

    names = set(re.findall(r"passerby_[a-z_]+", asked))

    assert len(names) >= 6
    for name in names:
        assert name.removesuffix(next((end for end in ENDINGS if name.endswith(end)), "")) in there
