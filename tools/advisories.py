"""Whether advisories are known of the packages in the locked lists.

pip-audit asks; this reads its answer, for it says "no known vulnerabilities" also of
packages that it could not look up. Where the service cannot be reached nothing is known,
which is printed and is no failure. Run as a program, it exits with 1 for an advisory.

Source: README of pip-audit 2.10, "Usage" and its JSON form.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LISTS = Path(__file__).parents[1] / "requirements"
TIMEOUT_SECONDS = 120
# Asked first is the service that answers for all of them.
PIP_AUDIT = [
    *[sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--timeout", "5"],
    *["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"],
]


@dataclass(frozen=True)
class Findings:
    """What is known of the packages of a list."""

    advisories: list[str]  # one a line, with its package
    looked_up: int
    not_looked_up: int


def findings(report: str) -> Findings:
    """Read pip-audit's JSON.

    >>> findings('{"dependencies": [{"name": "a", "skip_reason": "not found"}], "fixes": []}')
    Findings(advisories=[], looked_up=0, not_looked_up=1)
    """
    packages = json.loads(report)["dependencies"]
    looked_up = [each for each in packages if "skip_reason" not in each]
    advisories = [
        f"{package['name']} {package['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no release yet'}"
        for package in looked_up
        for found in package["vulns"]
    ]
    return Findings(advisories, len(looked_up), len(packages) - len(looked_up))


def ask(path: Path) -> Findings | None:
    """Have a locked list looked up; None where nobody answered."""
    try:
        asked = subprocess.run(  # noqa: S603 - our own command
            [*PIP_AUDIT, "--requirement", str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        return findings(asked.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def main() -> None:
    """Print what is known of both lists."""
    failed = False
    for name in ("run.txt", "dev.txt"):
        found = ask(LISTS / name)
        if found is None:
            print(f"advisories: {name} not looked up, the service cannot be reached")
            continue
        print(*found.advisories, sep="\n", end="\n" if found.advisories else "")
        print(f"advisories: {name}, {found.looked_up} looked up, {found.not_looked_up} not")
        failed = failed or bool(found.advisories)
    sys.exit(failed)


if __name__ == "__main__":
    main()
