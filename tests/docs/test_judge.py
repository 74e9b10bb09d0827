from pathlib import Path

import pytest
from tools.docsite import judge

GOOD = """<html><head><link rel="stylesheet" href="style.css">
<link rel="canonical" href="https://example.com/"></head>
<body><h1 id="top">A</h1><a href="other.html#there">b</a> <a href="#top">c</a>
<a href="https://example.com/">d</a> <img src="figures/a.svg"></body></html>"""
OTHER = '<html><body><p id="there">x</p><a href="./index.html">y</a></body></html>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.svg").write_text("<svg/>")
    (tmp_path / "style.css").write_text("body { background: url(figures/a.svg) }")
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text(OTHER)
    return tmp_path


def test_a_site_that_is_whole(site: Path) -> None:
    assert judge.complaints(site) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<script src="https://example.com/a.js"></script>', "loads https://example.com/a.js"),
        ('<link rel="preconnect" href="//example.com">', "loads //example.com"),
        ('<img srcset="https://example.com/a.png 2x">', "loads https://example.com/a.png 2x"),
        ("<style>@import 'https://example.com/a.css'</style>", "loads https://example.com/a.css"),
        ('<a href="absent.html">x</a>', "leads to absent.html, which is not there"),
        ('<img src="figures/b.svg">', "leads to figures/b.svg, which is not there"),
        (
            '<a href="other.html#nowhere">x</a>',
            "leads to other.html#nowhere, and there is no such anchor",
        ),
    ],
)
def test_what_is_wrong(site: Path, text: str, complaint: str) -> None:
    (site / "third.html").write_text(text)

    assert judge.complaints(site) == [f"third.html: {complaint}"]


def test_a_style_sheet_that_loads_a_font(site: Path) -> None:
    (site / "style.css").write_text('@font-face { src: url("https://example.com/a.woff2") }')

    assert judge.complaints(site) == ["style.css: loads https://example.com/a.woff2"]
