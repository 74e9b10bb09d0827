"""The layers of the design, held against every module of the package."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import passerby

PACKAGE = Path(passerby.__file__).parent

# From the ground up. A part may import those of the layers below its own, and of its own
# layer only what `BESIDE` names.
LAYERS = (
    {
        *("errors", "boxes", "assignment", "clock", "files", "logs"),
        *("http_ranges", "outbound", "processes"),
    },
    {"records", "settings"},
    {"motfile"},
    {"inference", "video", "tracking", "server", "evaluation"},
    {"people", "faces"},
    {"pathing"},
    {"database", "results", "wire", "cloud", "engine", "analytics", "films", "client"},
    {"access", "exports", "testing"},
    {"jobs"},
    {"api"},
    {"console", "replay"},
    {"bootstrap"},
    {"cli", "__init__", "pytest_plugin"},
    {"__main__"},
)
BESIDE = {
    "errors": set[str](),
    "http_ranges": {"errors", "outbound"},
    "processes": {"errors", "logs"},
    "records": set[str](),
    "settings": set[str](),
}
# Parts that join others: they may import anything below them.
JOINING = {"bootstrap", "cli", "__init__", "__main__"}
# Parts of neighbouring layers that are to be blind to one another all the same.
BLIND = {
    "tracking": {"inference", "video", "people", "faces"},
    "video": {"inference", "people", "faces", "tracking"},
    "people": {"video", "faces", "tracking"},
    "faces": {"video", "people", "tracking"},
    "engine": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "cloud": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "database": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "results": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "access": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "jobs": {"pathing", "video", "people", "faces", "inference", "tracking"},
    "api": {"pathing", "video", "people", "faces", "inference", "tracking", "films", "engine"},
    "console": {"pathing", "video", "people", "faces", "inference", "tracking", "engine"},
    "replay": {"pathing", "video", "people", "faces", "inference", "tracking", "films", "engine"},
}

# third party -> the only parts that may import it
FENCED = {
    "av": {"video", "films", "testing"},
    "onnxruntime": {"inference"},
    "openvino": {"inference"},
    "sqlalchemy": {"database", "jobs", "access"},
    "alembic": {"database"},
    "psycopg": set[str](),  # SQLAlchemy's business
    "ray": {"engine"},
    "boto3": {"cloud", "replay"},
    "botocore": {"cloud"},
    "urllib3": {"cloud", "video", "http_ranges", "outbound"},
    "starlette": {"api", "console", "server", "bootstrap", "replay"},
    "uvicorn": {"server", "bootstrap", "replay"},
    "pytest": {"pytest_plugin"},
    "jinja2": {"console", "analytics"},
    "prometheus_client": {"api"},
    "typer": {"cli"},
    "rich": {"cli"},
    "supervision": {"exports"},
}

FILES = sorted(PACKAGE.rglob("*.py"))
# Modules at the root are few enough to be known by heart.
ROOT_LIMIT = 14
LINES_LIMIT, PARAMETERS_LIMIT = 40, 8


def name_of(path: Path) -> str:
    """Dotted name within the package: `passerby/api/app.py` → `api.app`."""
    dotted = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return dotted if dotted == "__init__" else dotted.removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


def part_of(path: Path) -> str:
    """First folder, or the module itself: `passerby/api/app.py` → `api`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer_of(part: str) -> int:
    """Number of the layer that knows a part; StopIteration if none does."""
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def imports(path: Path, *, only_at_import: bool = False) -> list[str]:
    """Absolute dotted names that a file imports: wherever in it, or as it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(_at_import(tree)) if only_at_import else list(ast.walk(tree))
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return names


def _at_import(tree: ast.Module) -> list[ast.stmt]:
    """Statements that run when a module is imported; not those for type checkers only."""
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def own_modules(path: Path) -> set[str]:
    """Modules of the package that a file imports, wherever in it."""
    found = set()
    for name in imports(path):
        module = name.removeprefix("passerby.")
        while module and module not in MODULES:
            module = module.rpartition(".")[0]
        if name.startswith("passerby.") and module:
            found.add(module)
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    others = {module.split(".")[0] for module in own_modules(path)} - {part}

    above = {other for other in others if layer_of(other) > layer_of(part)}
    beside = {other for other in others if layer_of(other) == layer_of(part)}

    assert not above
    assert beside <= BESIDE.get(part, set())
    assert part in JOINING or not others & BLIND.get(part, set())


def test_every_part_has_its_layer() -> None:
    known = [part for parts in LAYERS for part in parts]

    assert sorted(known) == sorted({part_of(path) for path in FILES})


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: own_modules(path) - {name} for name, path in MODULES.items()}

    order = list(TopologicalSorter(graph).static_order())  # raises CycleError

    assert set(MODULES) <= set(order)


def test_the_root_is_small() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= ROOT_LIMIT


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_third_parties_stay_in_their_fence(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}

    strays = {root for root in roots & FENCED.keys() if part_of(path) not in FENCED[root]}

    assert not strays


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Names of the parameters of a function, without `self` and `cls`."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its docstring left out."""
    docstring = ast.get_docstring(function, clean=False) or ""
    return (function.end_lineno or 0) - function.lineno + 1 - len(docstring.splitlines())


@pytest.mark.parametrize(
    "path", [path for path in FILES if "versions" not in path.parts], ids=name_of
)
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    long = [each.name for each in functions if body_lines(each) > LINES_LIMIT]
    # Each option of a command is a parameter.
    wide = [each.name for each in functions if len(parameters(each)) > PARAMETERS_LIMIT]

    assert not long
    assert part_of(path) == "cli" or not wide


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                bases = {ast.unparse(base).split("[")[0] for base in node.bases}
                # A protocol stands beside what fits it.
                if "Protocol" not in bases:
                    homes.setdefault(node.name, []).append(name)

    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
