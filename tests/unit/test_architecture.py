"""The import table of the design, held against every file."""

import ast
from pathlib import Path

import pytest

import passerby

PACKAGE = Path(passerby.__file__).parent

GROUND = {
    "errors",
    "boxes",
    "records",
    "assignment",
    "suppression",
    "motfile",
    "http_ranges",
    "logs",
}
STAGES = {"video", "people", "faces", "tracking"}
MIDDLE = {"jobs", "cloud", "engine"}
BELOW_MIDDLE = GROUND | STAGES | {"inference", "pathing"}
BELOW_SURFACES = BELOW_MIDDLE | MIDDLE

# part -> the other parts of passerby it may import
MAY_IMPORT = {
    "errors": set[str](),
    "boxes": set[str](),
    "records": {"boxes"},
    "assignment": set[str](),
    "suppression": {"boxes"},
    "motfile": {"errors", "boxes", "records"},
    "http_ranges": set[str](),
    "logs": set[str](),
    "settings": {"errors"},
    "inference": GROUND,
    "video": GROUND,
    "people": GROUND | {"inference"},
    "faces": GROUND | {"inference"},
    "tracking": GROUND,
    "pathing": GROUND | STAGES | {"inference"},
    "jobs": GROUND,
    "cloud": GROUND,
    "engine": GROUND,
    "api": GROUND | {"jobs", "cloud"},
    "replay": GROUND | {"api", "jobs"},  # fills what `api` asks for
    "client": {"errors"},
    "pytest_plugin": {"stand_in"},
    "console": GROUND | {"jobs", "cloud"},
    "exports": BELOW_SURFACES,
    "evaluation": GROUND,
    "analytics": GROUND,
    "testing": BELOW_SURFACES,
}
# Where parts are built, joined and shown; they may import anything.
ASSEMBLY = {
    "cli",
    "command_options",
    "job_commands",
    "key_commands",
    "backup_command",
    "export_command",
    "report_command",
    "finished",
    "assembly",
    "console_desk",
    "console_job_desk",
    "picturing",
    "reckoning",
    "single_file",
    "serving",
    "listening",
    "delivery",
    "stand_in",
    "connections",
    "terminal",
    "errands",
    "engines",
    "__init__",
    "__main__",
}

# third party -> the only parts that may import it
FENCED = {
    "av": {"video", "exports", "testing"},
    "onnxruntime": {"inference"},
    "openvino": {"inference"},
    "sqlalchemy": {"jobs"},
    "alembic": {"jobs"},
    "psycopg": set[str](),  # SQLAlchemy's business
    "ray": {"engine"},
    "boto3": {"cloud", "stand_in"},
    "botocore": {"cloud"},
    "urllib3": {"cloud", "video"},
    "starlette": {"api", "console", "assembly", "listening"},
    "uvicorn": {"serving", "listening", "stand_in", "connections"},
    "pytest": {"pytest_plugin"},
    "jinja2": {"console"},
    "prometheus_client": {"api"},
    "typer": {
        "cli",
        "command_options",
        "job_commands",
        "key_commands",
        "backup_command",
        "export_command",
        "report_command",
    },
    "rich": {"terminal"},
    "supervision": {"exports"},
}

FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """First folder, or the module itself: `passerby/api/app.py` → `api`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Absolute dotted names that a file imports, wherever in it."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    if part in ASSEMBLY:
        return
    own = [name.split(".")[1] for name in imports(path) if name.startswith("passerby.")]

    assert set(own) - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_third_parties_stay_in_their_fence(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}

    strays = {root for root in roots & FENCED.keys() if part_of(path) not in FENCED[root]}

    assert not strays
