"""Whether every package of the locked lists, and every library in its wheel, may be used.

Nothing under the GPL or AGPL is imported: a licence with conditions has to be named in
`requirements/licences.toml`, and of the packages that passerby needs only those that ask
for their own source may be there. Run as a program, it prints what it found.

Sources: core metadata specifications, "License-Expression" and "License"; the SPDX
License List.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
LISTS = ROOT / "requirements"
INSTALLED_BY_SETUP = ("dev.txt", "run.txt", "image.txt")

# name==version, and the marker that says where it is needed.
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^ ;\\]+(?: *;([^\\]+))?", re.MULTILINE)
OPERATORS = {"AND", "OR", "WITH"}
# lib<name>[-<hash>].so[.<version>]; a second hash is numpy's.
LIBRARY = re.compile(r"^lib(.+?)(?:-r\d+)?(?:-[0-9a-f]{8})*(?:\.[\d.]+)?\.so")


@dataclass(frozen=True)
class Rules:
    """What `licences.toml` holds."""

    permissive: frozenset[str]
    weak_copyleft: dict[str, str] = field(default_factory=dict)  # by package
    chosen: dict[str, str] = field(default_factory=dict)  # likewise
    spelling: dict[str, str] = field(default_factory=dict)  # SPDX id by older text
    bundled: dict[str, str] = field(default_factory=dict)  # by library


def read_rules(path: Path) -> Rules:
    """Read the rules from a file; raises ValueError where it allows a package the GPL."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    strong = [each for each in table["weak_copyleft"].values() if re.match("A?GPL", each)]
    if strong:
        raise ValueError(f"no weak copyleft: {strong}")
    return Rules(**{**table, "permissive": frozenset(table["permissive"])})


def locked(text: str) -> dict[str, bool]:
    """Packages of a locked list, and whether each is needed on every machine."""
    return {match[1]: match[2] is None for match in LOCKED.finditer(text)}


def terms(package: Distribution, rules: Rules) -> set[str]:
    """SPDX identifiers of all that a package says of its licence; may be none."""
    metadata = package.metadata
    for expression in metadata.get_all("License-Expression") or []:
        return set(re.findall(r"[^\s()]+", expression)) - OPERATORS
    said = metadata.get_all("Classifier") or []
    told = [each.rpartition(" :: ")[2] for each in said if each.startswith("License")]
    told = told or [each.strip() for each in metadata.get_all("License") or []]
    return {rules.spelling.get(each, each) for each in told}


def complaint(package: Distribution, rules: Rules, *, needed: bool) -> str | None:
    """Why a package may not be used; None where it may.

    `needed`: by passerby itself, not by its tests alone.
    """
    name = package.name.lower().replace("_", "-")
    found = terms(package, rules)
    if found and found <= rules.permissive:
        return None
    if found == {rules.weak_copyleft.get(name)}:
        return None
    if not needed and rules.chosen.get(name) in rules.permissive:
        return None
    return f"{name}: {', '.join(sorted(found)) or 'nothing is said of its licence'}"


def libraries(files: Iterable[str]) -> set[str]:
    """Names of the shared libraries among the files of a wheel, but for its own modules."""
    found = (LIBRARY.match(Path(each).name) for each in files if ".libs/" in each)
    return {match[1] for match in found if match}


def bundled_complaints(package: Distribution, rules: Rules, notice: str) -> Iterator[str]:
    """Tell of libraries in a wheel that nobody looked at, or that NOTICE leaves out."""
    for library in sorted(libraries(str(each) for each in package.files or [])):
        licence = rules.bundled.get(library)
        if licence is None:
            yield f"{package.name}: its wheel holds lib{library}, of which nothing is said"
        elif licence.startswith("GPL") and "WITH" not in licence and f"lib{library}" not in notice:
            yield f"{package.name}: NOTICE does not name lib{library} ({licence})"


def audit(
    folder: Path, rules: Rules, notice: str, lists: Iterable[str] = INSTALLED_BY_SETUP
) -> list[str]:
    """Every complaint about the packages of some lists in a folder."""
    needed = _listed(folder, "run.txt") | _listed(folder, "image.txt")
    everything: dict[str, bool] = {}
    for each in lists:
        everything |= _listed(folder, each)
    complaints: list[str] = []
    for name, everywhere in sorted(everything.items()):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            if everywhere:
                complaints.append(f"{name}: not installed, so not looked at")
            continue
        found = complaint(package, rules, needed=name in needed)
        complaints += [found] if found else []
        if name in needed:
            complaints += bundled_complaints(package, rules, notice)
    return complaints


def _listed(folder: Path, name: str) -> dict[str, bool]:
    return locked((folder / name).read_text(encoding="utf-8"))


def main() -> None:
    """Print what there is to complain of; exits with 1 if there is something.

    Arguments: the lists to look at; without any, those that `scripts/setup` installs.
    """
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    lists = sys.argv[1:] or INSTALLED_BY_SETUP
    complaints = audit(LISTS, read_rules(LISTS / "licences.toml"), notice, lists)
    for each in complaints:
        print(each)
    print(f"licences: {len(complaints)} complaints")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
