"""The shape of the package: who imports whom, and how long things are.

Nothing here knows a module by more than its name and its place: a new module, class or
function is tested by being there. What docstrings say is in ``test_docstrings.py``.
"""

import ast
import importlib
import importlib.util
import inspect
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from sklearn.base import ClassifierMixin, RegressorMixin

import skann
import skann.datasets
import skann.preprocessing

ROOT = Path(skann.__file__).parent
FILES = {
    ".".join(("skann", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}

over_modules = pytest.mark.parametrize("name", FILES)


def imports(name):
    """(module, imported name or None) for every import statement, at any depth."""
    package = name if FILES[name].stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                source = importlib.util.resolve_name("." * node.level + source, package)
            yield from ((source, alias.name) for alias in node.names)


def own_imports(name):
    """The package's modules that a module imports."""
    found = set()
    for source, imported in imports(name):
        submodule = f"{source}.{imported}"
        if not submodule.endswith("._compiled"):  # made of C, which imports nothing
            found.add(submodule if submodule in FILES else source)
    return found & FILES.keys()


GRAPH = {name: own_imports(name) for name in FILES}


def below(name):
    """Every module that one imports, directly or by way of others."""
    found, to_do = set(), [name]
    while to_do:
        new = GRAPH[to_do.pop()] - found
        found |= new
        to_do.extend(new)
    return found


# An import goes from a floor to itself or to one further down, never up. Doors
# stand beside each other: none imports another.
DOORS = (
    "skann.solvers",
    "skann.schedules",
    "skann.preprocessing",
    "skann.callbacks",
    "skann.displays",
    "skann.datasets",
    "skann.losses",
    "skann.activations",
    "skann.averaging",
    "skann.dask",
    "skann.playground",
)
FLOORS = (
    "skann",
    *DOORS,
    "skann._tabular",
    "skann._estimators",
    "skann._export",
    "skann._training",
    "skann._engine",
    "skann._optimize",
    "skann._network",
    "skann._version",
    "skann._paths",
    "skann._threads",
    "skann._optional",
    "skann._bases",
    "skann._decorators",
    "skann._typing",
)


def floor_of(name):
    """The floor that a module is on: the longest name in FLOORS that begins its own."""
    parts = name.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return FLOORS.index(next(name for name in names if name in FLOORS))


class TestFloors:
    @over_modules
    def test_an_import_goes_down(self, name):
        for imported in GRAPH[name]:
            assert floor_of(imported) >= floor_of(name), imported

    @pytest.mark.parametrize("door", DOORS)
    def test_no_door_leads_to_another(self, door):
        others = {FLOORS.index(other) for other in DOORS if other != door}
        for name in FILES:
            if floor_of(name) == FLOORS.index(door):
                assert not {floor_of(imported) for imported in GRAPH[name]} & others

    @over_modules
    def test_only_the_choice_knows_both_engines(self, name):
        engines = {
            engine
            for engine in ("reference", "native")
            if any(i.startswith(f"skann._engine.{engine}") for i in GRAPH[name])
        }
        if name == "skann._engine.choice":
            assert engines == {"reference", "native"}
        elif name != "skann._show_versions":  # which says whether it is built
            assert all(name.startswith(f"skann._engine.{own}") for own in engines)

    @pytest.mark.parametrize("name", [n for n in FILES if FILES[n].stem == "__init__"])
    def test_a_folder_says_what_lives_there(self, name):
        if "._" in name:
            text = ast.get_docstring(TREES[name])
            assert "May come in:" in text
            assert "May not:" in text


class TestImports:
    def test_the_graph_is_read_right(self):
        assert "skann._training.run" in GRAPH["skann._estimators.starts"]
        assert {
            "skann._training.fullbatch",
            "skann._training.minibatch",
        } <= GRAPH["skann._training.run"]
        assert "skann._network.activations" in below("skann._estimators.classifier")

    def test_there_is_no_cycle(self):
        order = list(TopologicalSorter(GRAPH).static_order())
        assert order.index("skann._network.activations") < order.index(
            "skann._estimators.base"
        )

    @pytest.mark.parametrize("name", sorted(below("skann._estimators.base")))
    def test_the_engine_knows_no_estimator(self, name):
        for source, imported in imports(name):
            if not source.startswith("sklearn"):
                continue
            assert imported is not None, f"{name} imports {source} as a whole"
            if importlib.util.find_spec(source) is None:
                continue  # a part that newer versions have
            thing = getattr(importlib.import_module(source), imported)
            assert not inspect.ismodule(thing), f"{name} imports {source}.{imported}"
            if inspect.isclass(thing):
                assert not issubclass(thing, (ClassifierMixin, RegressorMixin))

    @over_modules
    def test_what_must_be_there_is_numpy_scipy_and_sklearn(self, name):
        # The extras are imported where they are used, so that they may be missing.
        required = {"numpy", "scipy", "sklearn", "joblib", "skann"}
        for node in TREES[name].body:
            if isinstance(node, ast.Import):
                sources = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                sources = [node.module]
            else:
                continue
            for source in sources:
                top = source.partition(".")[0]
                assert top in required or top in sys.stdlib_module_names


class TestSize:
    @over_modules
    def test_no_file_over_400_lines(self, name):
        assert len(FILES[name].read_text("utf-8").splitlines()) <= 400

    @over_modules
    def test_no_function_over_60_lines(self, name):
        for node in ast.walk(TREES[name]):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            body = node.body
            if ast.get_docstring(node) is not None:
                body = body[1:]
            if body:
                n_lines = body[-1].end_lineno - body[0].lineno + 1
                assert n_lines <= 60, f"{node.name} has {n_lines} lines"

    @over_modules
    def test_every_module_says_what_it_is(self, name):
        docstring = ast.get_docstring(TREES[name])
        if name != "skann._version":
            assert docstring
            assert docstring.splitlines()[0].endswith((".", ":"))


SOURCES = sorted((ROOT / "_engine" / "native").glob("*.[ch]"))


@pytest.mark.skipif(not SOURCES, reason="the sources are not installed")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
class TestCompiledSources:
    """The same for what is written in C."""

    def test_no_file_over_500_lines(self, path):
        assert len(path.read_text("utf-8").splitlines()) <= 500

    def test_no_function_over_60_lines(self, path):
        start = None
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                assert number - start - 1 <= 60, f"the one that ends in line {number}"
                start = None

    def test_every_file_says_what_it_is(self, path):
        assert path.read_text("utf-8").startswith("/* ")

    def test_no_line_is_too_long(self, path):
        for line in path.read_text("utf-8").splitlines():
            assert len(line) <= 88, line
