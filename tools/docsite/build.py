"""Build the documentation: stage the pages, run the notebooks, build, judge.

    python -m tools.docsite.build

The site is in `build/site`; what it is made from in `build/docs`. Any complaint, be it of
the generator or of the judge, ends it with 1.
"""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from tools.docsite import judge
from tools.docsite.notebook import write_page
from tools.docsite.staging import ROOT, notebook_pages, site_text, stage

STAGED = ROOT / "build" / "docs"
SITE = ROOT / "build" / "site"
# Beside the interpreter, whose environment need not be activated.
GENERATOR = Path(sys.executable).with_name("zensical")


def main() -> None:
    """Build, and say what is wrong."""
    for folder in (STAGED, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    stage(STAGED)
    for notebook, page in notebook_pages().items():
        target = STAGED / "pages" / page
        target.parent.mkdir(exist_ok=True)
        write_page(ROOT / notebook, target, partial(site_text, name=notebook, page=page))
    built = subprocess.run([GENERATOR, "build", "--clean", "--strict"], cwd=STAGED, check=False)  # noqa: S603 - our own command
    if built.returncode:
        sys.exit("the site was not built")
    (STAGED / "site").rename(SITE)
    found = judge.complaints(SITE)
    for each in found:
        print(each)
    print(f"{SITE.relative_to(ROOT)}: {len(judge.read(SITE))} pages, {len(found)} complaints")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
