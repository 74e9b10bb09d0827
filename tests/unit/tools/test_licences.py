from collections.abc import Callable
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from tools.licences import (
    Rules,
    audit,
    bundled_complaints,
    complaint,
    libraries,
    locked,
    read_rules,
)

RULES = Rules(
    permissive=frozenset({"MIT", "BSD-3-Clause"}),
    weak_copyleft={"some-package": "MPL-2.0"},
    chosen={"two-ways": "MIT"},
    spelling={"MIT License": "MIT"},
    bundled={"good": "MIT", "x264": "GPL-2.0-or-later", "gfortran": "GPL-3.0 WITH exception"},
)

Make = Callable[..., Distribution]


@pytest.fixture
def package(tmp_path: Path) -> Make:
    """Makes the metadata of an installed package, as pip would lay it down."""

    def make(*fields: str, name: str = "some_package", files: tuple[str, ...] = ()) -> Distribution:
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        metadata = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *fields]
        (folder / "METADATA").write_text("\n".join(metadata) + "\n", encoding="utf-8")
        (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files), encoding="utf-8")
        for file in files:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).touch()
        return PathDistribution(folder)

    return make


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        pytest.param(["License-Expression: MIT"], True, id="SPDX"),
        pytest.param(["License-Expression: (MIT AND BSD-3-Clause)"], True, id="both allowed"),
        pytest.param(["License-Expression: MIT OR GPL-3.0-only"], False, id="one of two"),
        pytest.param(["License-Expression: MPL-2.0"], True, id="named for this package"),
        pytest.param(["License-Expression: MPL-2.0 AND GPL-2.0-only"], False, id="and more"),
        pytest.param(["License-Expression: AGPL-3.0-only"], False, id="AGPL"),
        pytest.param(["Classifier: License :: OSI Approved :: MIT License"], True, id="classifier"),
        pytest.param(
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: GNU General Public License (GPL)",
            ],
            False,
            id="one classifier of two",
        ),
        pytest.param(["License: MIT"], True, id="old field"),
        pytest.param(["License: GPLv3"], False, id="old field, GPL"),
        pytest.param(["Classifier: Programming Language :: Python"], False, id="nothing said"),
    ],
)
def test_what_a_package_says(package: Make, fields: list[str], allowed: bool) -> None:  # noqa: FBT001
    assert (complaint(package(*fields), RULES, needed=True) is None) is allowed


def test_only_the_tests_may_choose_among_licences(package: Make) -> None:
    found = package("License: GPL or MIT, as you like", name="two-ways")

    assert complaint(found, RULES, needed=False) is None
    assert "two-ways: GPL or MIT" in (complaint(found, RULES, needed=True) or "")


def test_libraries_in_a_wheel(package: Make) -> None:
    found = package(
        files=(
            "some_package/extension.so",
            "some_package.libs/libgood-1234abcd.so.1.2",
            "some_package.libs/libx264-d6533a8d.so.165",
            "some_package.libs/libgfortran-040039e1-0352e75f.so.5.0.0",
            "some_package.libs/libodd-0123abcd.so",
        )
    )

    unnamed = list(bundled_complaints(found, RULES, notice="nothing"))
    named = list(bundled_complaints(found, RULES, notice="it carries libx264"))

    assert [each.split(": ")[1].split(" (")[0] for each in unnamed] == [
        "its wheel holds libodd, of which nothing is said",
        "NOTICE does not name libx264",
    ]
    assert len(named) == 1


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("av.libs/libSvtAv1Enc-9393c086.so.4.1.0", "SvtAv1Enc"),
        ("av.libs/libxcb-shape-7716c890.so.0.0.0", "xcb-shape"),
        ("x.libs/libopenblasp-r0-59ffcd50.3.15.so", "openblasp"),
        ("x.libs/libscipy_openblas64_-32a4b2a6.so", "scipy_openblas64_"),
    ],
)
def test_the_name_of_a_library(file: str, name: str) -> None:
    assert libraries([file, "av/video/frame.abi3.so"]) == {name}


def test_locked_lists() -> None:
    text = (
        "alembic==1.20.1 \\\n    --hash=sha256:83\n    # via x==1\n"
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:90\n"
    )

    assert locked(text) == {"alembic": True, "colorama": False}


def test_what_the_lists_hold_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text("pathspec==1.1.1 \\\nav==18.1.0\n", encoding="utf-8")
    (tmp_path / "image.txt").write_text("", encoding="utf-8")
    (tmp_path / "dev.txt").write_text("no-such-package-anywhere==1.0\n", encoding="utf-8")

    found = audit(tmp_path, Rules(permissive=frozenset({"BSD-3-Clause"})), "")

    assert "no-such-package-anywhere: not installed, so not looked at" in found
    assert any(each.startswith("pathspec: ") for each in found)
    assert "av: its wheel holds libx264, of which nothing is said" in found


def test_only_the_lists_that_are_named_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text("av==18.1.0\n", encoding="utf-8")
    (tmp_path / "image.txt").write_text("", encoding="utf-8")
    (tmp_path / "docs.txt").write_text("no-such-package-anywhere==1.0\n", encoding="utf-8")

    found = audit(tmp_path, Rules(permissive=frozenset()), "", ["docs.txt"])

    assert found == ["no-such-package-anywhere: not installed, so not looked at"]


def test_the_gpl_is_no_weak_copyleft(tmp_path: Path) -> None:
    path = tmp_path / "licences.toml"
    path.write_text('permissive = []\n[weak_copyleft]\na = "AGPL-3.0-only"\n', encoding="utf-8")

    with pytest.raises(ValueError, match="AGPL"):
        read_rules(path)
