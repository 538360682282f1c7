"""Mutants: small changes of a module, each of which some test should notice.

Run from the repository's root, with ``pip install cosmic-ray``:

    python tests/mutants.py                    # a sample of each module's mutants
    python tests/mutants.py --number 1000 sgd  # 1,000 at most, of _optimize/sgd.py

The changes are cosmic-ray's, of operators, numbers and conditions, and besides those of
code that computes in place: another function of NumPy, a statement or a result left
out. Each mutant is tried by the tests that belong to its module, in a process forked
from one that has imported everything but the package; the compiled engine is off, as it
would not see the change. Those that survive are printed: they ask for a test, or change
nothing.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]

_LOSSES = ["tests/network/test_losses.py", "tests/network/test_loss_products.py"]
_RULES = [
    "tests/optimize/test_optimizers.py",
    "tests/optimize/test_setting_limits.py",
]
# A module and the tests that should notice.
MODULES = {
    "_network/losses": _LOSSES,
    "_network/real_losses": _LOSSES,
    "_network/focal_losses": _LOSSES,
    "_network/gaussian_loss": _LOSSES,
    "_network/activations": ["tests/network/test_activations.py"],
    "_network/elementwise": [
        "tests/network/test_elementwise.py",
        "tests/network/test_activations.py",
    ],
    **{
        f"_optimize/{rule}": _RULES
        for rule in ("sgd", "adam", "rmsprop", "lion", "adagrad", "rprop")
    },
    "_training/stopping": ["tests/training/test_stopping.py"],
    "_training/best": ["tests/training/test_best.py"],
    "_training/monitor": [
        "tests/training/test_monitor.py",
        "tests/training/test_stopping.py",
    ],
    "_export/archive": ["tests/export/test_archive.py"],
}

# Functions of NumPy, and what takes their place.
OTHERS = {
    "add": "subtract",
    "subtract": "add",
    "multiply": "divide",
    "divide": "multiply",
    "maximum": "minimum",
    "minimum": "maximum",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "tanh": "sin",
    "square": "abs",
    "abs": "square",
    "sqrt": "square",
    "greater": "less",
    "less": "greater",
    "sum": "max",
    "zeros": "ones",
    "ones": "zeros",
    "isfinite": "isnan",
    "sign": "abs",
    "negative": "positive",
}
# cosmic-ray's operators that change no behaviour, or need to be told where to.
_NOT_USED = ("NoOp", "VariableInserter", "VariableReplacer", "RemoveDecorator")


def mutants(code, number):
    """So many (what is done, changed code) at most, chosen at random.

    Each does something else than the code; half of them are cosmic-ray's.
    """
    kinds = [list(_in_place(code)), list(_of_cosmic_ray(code))]
    for kind in kinds:
        random.Random(0).shuffle(kind)
    seen, found = {_behaviour(code)}, []
    while any(kinds) and len(found) < number:
        for kind in filter(None, kinds):
            name, change = kind.pop()
            changed = change()
            try:
                behaviour = _behaviour(changed)
            except SyntaxError:
                continue
            if behaviour not in seen and len(found) < number:
                seen.add(behaviour)
                found.append((name, changed))
    return found


def _behaviour(code):
    """The code without its docstrings and annotations."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        documented = ast.FunctionDef | ast.ClassDef | ast.Module
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body[0].value = ast.Constant(None)
    return ast.dump(tree)


def _of_cosmic_ray(code):
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(code)))
    for name in operator_names():
        if name.endswith(_NOT_USED):
            continue
        operator = get_operator(name)()
        n_places = sum(len(list(operator.mutation_positions(node))) for node in nodes)
        for i in range(n_places):
            yield name, partial(mutate_code, code, operator, i)


def _in_place(code):
    raw, starts = code.encode(), [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))

    def replaced(node, text, length=None):
        end = starts[node.end_lineno - 1] + node.end_col_offset
        start = starts[node.lineno - 1] + node.col_offset
        start = start if length is None else end - length
        return (raw[:start] + text.encode() + raw[end:]).decode()

    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np":
            other = OTHERS.get(node.attr)
            if other is not None:
                yield f"np.{other}", partial(replaced, node, other, len(node.attr))
        elif isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ):
            yield "a statement less", partial(replaced, node, "pass")
        elif isinstance(node, ast.Return) and node.value is not None:
            yield "None returned", partial(replaced, node.value, "None")


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from changed code."""

    def __init__(self, name, path, code):
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def exec_module(self, module):
        exec(compile(self.code, self.path, "exec"), vars(module))


class WithoutTorch(importlib.abc.MetaPathFinder):
    """Hides PyTorch, which takes longer to import than the tests take."""

    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError(name)
        return None


def tried(finder, tests, seconds):
    """Whether the tests pass, and the processor's seconds that they took."""
    import resource  # which not every system has

    child = os.fork()
    if not child:
        code = 1
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            # Of a mutant that does not end, or wants all memory.
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            if finder is not None:
                sys.meta_path.insert(0, finder)
            import pytest

            code = int(pytest.main([*tests, "-x", "-p", "no:cacheprovider"]))
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    return status == 0, used.ru_utime + used.ru_stime


def try_module(module, tests, number):
    """Try so many of a module's mutants; print those that survive."""
    path = ROOT / "skann" / f"{module}.py"
    code, name = path.read_text("utf-8"), f"skann.{module.replace('/', '.')}"
    passed, usual = tried(None, tests, 600)
    if not passed:
        sys.exit(f"The tests fail without a change: {tests}")
    chosen, survivors = mutants(code, number), []
    for what, changed in chosen:
        finder = Mutated(name, path, changed)
        if tried(finder, tests, int(10 + 4 * usual))[0]:
            survivors.append((what, changed))
    print(
        f"{path.relative_to(ROOT)}: {len(survivors)} of {len(chosen)} survived",
        flush=True,
    )
    for what, changed in survivors:
        pairs = zip(code.splitlines(), changed.splitlines(), strict=False)
        for i, (old, new) in enumerate(pairs, start=1):
            if old != new:
                print(f"    {what}, line {i}: {old.strip()}  ->  {new.strip()}")
                break


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("modules", nargs="*", help="parts of names; all if none")
    parser.add_argument("--number", type=int, default=60, help="of a module, at most")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    os.environ["SKANN_COMPILED"] = "0"
    sys.meta_path.insert(0, WithoutTorch())
    for needed in ("pandas", "pytest", "scipy.optimize", "sklearn.model_selection"):
        importlib.import_module(needed)
    for module, tests in MODULES.items():
        if not options.modules or any(part in module for part in options.modules):
            try_module(module, tests, options.number)


if __name__ == "__main__":
    main()
