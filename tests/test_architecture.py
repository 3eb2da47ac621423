"""The layers: imports run downward only, and each third-party library has one home."""

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pmsite"

# From the bottom up; a module imports from its own group only what stands before it, and nothing from above.
LAYERS = (
    ("pmsite", "diagnostics", "stages"),
    ("github",),
    ("cache", "patterns", "strict_yaml", "site.urls"),
    ("archive.incident", "vocabulary"),
    ("presets",),
    ("config",),
    ("source",),
    ("archive",),
    ("load",),
    ("site",),
    ("check",),
    ("planning",),
    ("publishing", "retouching"),
    ("build",),
    ("adopt", "find", "listing", "stats", "scaffold", "schemas", "report", "deploy", "revisions"),
    ("serve",),
    ("command",),
    ("cli",),
    ("__main__",),
)
# github and report print diagnostics and know nothing else of the program.
HOMES = {
    "jinja2": {"site.render", "site.templates"},
    "markupsafe": {"site.render", "site.templates"},
    "markdown": {"source.markup"},
    "comrak": {"source.markup"},
    "nh3": {"source.markup"},
    "pygments": {"source.highlight", "source.lexing"},
    "selectolax": {"source.outline"},
    "yaml": {"strict_yaml"},
    "frontmatter": {"source.frontmatter"},
    "typer": {"cli", "command"},
    "ghp_import": {"deploy"},
    "click": set(),
    "watchdog": {"serve.watch"},
    "starlette": {"serve.server"},
    "uvicorn": {"serve"},
    "pagefind_bin": {"site.search"},
    "subprocess": {"command", "deploy", "revisions", "site.search"},
    "sqlite3": {"cache.store"},
    "multiprocessing": {"cache.workers"},
    "pickle": set(),
    "threading": {"cache.workers", "serve", "serve.preview", "serve.rounds", "serve.fulltext", "serve.watch"},
}
FORBIDDEN_NAMES = {"utils", "helpers", "models", "manager", "core", "base"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        found["pmsite" if name == "__init__" else name] = path
    return found


MODULES = modules()


@cache
def imports(path: Path) -> set[str]:
    """Everything that a module imports, at any depth, those for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(path: Path) -> set[str]:
    """The modules of pmsite that a module imports."""
    names = {name.removeprefix("pmsite.") for name in imports(path) if name.startswith("pmsite.")}
    return {name for name in names if name in MODULES}


def layer(module: str) -> int:
    for number, group in enumerate(LAYERS):
        if module in group:
            return number
    for number, group in enumerate(LAYERS):
        if module.split(".")[0] in group:
            return number
    raise AssertionError(f"{module} stands in no layer")


@pytest.mark.parametrize("module", MODULES)
def test_no_import_runs_upward(module: str) -> None:
    for imported in own(MODULES[module]):
        if imported == module:
            continue
        assert layer(imported) <= layer(module), f"{module} imports {imported}, which lies above it"


def test_there_is_no_cycle() -> None:
    graph = {module: own(path) - {module} for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module in done:
            return
        for imported in graph[module]:
            visit(imported, (*way, module))
        done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library: str) -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= HOMES[library]


@pytest.mark.parametrize("module", MODULES)
def test_names_say_something(module: str) -> None:
    assert not FORBIDDEN_NAMES & set(module.split("."))
