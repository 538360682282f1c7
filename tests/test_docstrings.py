"""What is documented of everything public: each parameter, each attribute, examples.

A new class or function is tested by being public. The examples are run as doctests.
"""

import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest

import skann
from skann import BPClassifier, BPRegressor


def public_modules():
    for found in pkgutil.iter_modules(skann.__path__, "skann."):
        if not found.name.startswith("skann._"):
            yield importlib.import_module(found.name)


def public_objects():
    for module in (skann, *public_modules()):
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing):
                yield f"{module.__name__}.{name}", thing


CALLED_BY_TRAINING = tuple(
    f"skann.{module}."
    for module in (
        "solvers",
        "schedules",
        "callbacks",
        "losses",
        "activations",
        "averaging",
    )
)


def public_classes():
    """Those whose methods users call; those of the others, training does."""
    for path, thing in public_objects():
        called_by_training = path.startswith(CALLED_BY_TRAINING)
        if inspect.isclass(thing) and not called_by_training:
            yield path, thing


def public_methods():
    """The public methods of public classes, but those that scikit-learn brings."""
    for path, thing in public_classes():
        for name in dir(thing):
            # set_fit_request and its like are written by scikit-learn.
            if name.startswith("_") or name.endswith("_request"):
                continue
            owner = next(c for c in thing.__mro__ if name in vars(c))
            member = getattr(thing, name)
            if owner.__module__.startswith("skann") and callable(member):
                yield f"{path}.{name}", member


def public_properties():
    for path, thing in public_classes():
        for name in dir(thing):
            member = inspect.getattr_static(thing, name)
            if isinstance(member, property) and not name.startswith("_"):
                yield f"{path}.{name}", member


def sections(docstring):
    """Name: text of each section of a numpydoc docstring; "" for what is before."""
    lines = inspect.cleandoc(docstring).splitlines()
    found, name, i = {"": []}, "", 0
    while i < len(lines):
        underlined = i + 1 < len(lines) and re.fullmatch("-{3,}", lines[i + 1])
        if underlined and len(lines[i]) == len(lines[i + 1]):
            name = lines[i]
            assert name not in found, f"{name} stands twice"
            found[name] = []
            i += 2
            continue
        found[name].append(lines[i])
        i += 1
    return {name: "\n".join(text) for name, text in found.items()}


def entries(section):
    """Name: (type, description) of a section's entries."""
    found, names = {}, []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            left, _, kind = line.partition(" : ")
            names = [name.strip().lstrip("*") for name in left.split(",")]
            for name in names:
                found[name] = [kind, ""]
        elif line.strip():
            for name in names:
                found[name][1] += line.strip() + " "
    return found


def documented_defaults(thing):
    """Name: what is said after "default="; parameters of one entry may share it."""
    found = {}
    for line in sections(thing.__doc__).get("Parameters", "").splitlines():
        if line and not line.startswith(" "):
            left, _, kind = line.partition(" : ")
            names = left.split(", ")
            said = kind.partition("default=")[2]
            each = said.split(", ") if len(names) > 1 else [said]
            found.update(zip(names, each * (len(names) // len(each)), strict=True))
    return found


def parameters_of(thing):
    return [name for name in inspect.signature(thing).parameters if name != "self"]


def check_parameters(thing, found):
    wanted = parameters_of(thing)
    documented = entries(found.get("Parameters", ""))
    assert list(documented) == wanted
    for name, (kind, description) in documented.items():
        assert kind, f"{name} has no type"
        assert description, f"{name} has no description"


OBJECTS = dict(public_objects())
METHODS = dict(public_methods())
METHODS |= {
    f"{path}.rates": OBJECTS[path].rates
    for path in OBJECTS
    if path.startswith("skann.schedules.")
}
PROPERTIES = dict(public_properties())


def test_dir_lists_what_is_public_alone():
    import skann.losses

    assert set(dir(skann)) >= {*skann.__all__, "losses"}
    assert not {"TYPE_CHECKING", "ModuleType", "import_module", "_bases"} & {
        *dir(skann)
    }


class TestDocstrings:
    def test_nothing_public_is_overlooked(self):
        assert {"skann.BPClassifier", "skann.datasets.load_mnist"} <= OBJECTS.keys()
        assert {
            "skann.BPClassifier.fit",
            "skann.BPClassifier.partial_fit",
            "skann.BPClassifier.predict_proba",
            "skann.BPRegressor.predict",
        } <= METHODS.keys()
        assert {"skann.BPRegressor.coefs_", "skann.BPClassifier.intercepts_"} <= (
            PROPERTIES.keys()
        )

    @pytest.mark.parametrize("path", OBJECTS)
    def test_classes_and_functions_have_parameters_and_examples(self, path):
        thing = OBJECTS[path]
        found = sections(thing.__doc__)
        assert found[""].strip().splitlines()[0].endswith(".")
        check_parameters(thing, found)
        assert ">>> " in found["Examples"]
        if inspect.isfunction(thing) and "return " in inspect.getsource(thing):
            assert entries(found["Returns"])

    @pytest.mark.parametrize("path", METHODS)
    def test_methods_have_parameters_and_returns(self, path):
        method = METHODS[path]
        found = sections(method.__doc__)
        assert found[""].strip().splitlines()[0].endswith(".")
        check_parameters(method, found)
        assert ">>> " in found["Examples"]
        if not re.search(r"^ +return \S", inspect.getsource(method), re.MULTILINE):
            return  # such as one that writes a file
        returns = entries(found["Returns"])
        assert returns
        assert all(kind and description for kind, description in returns.values())

    @pytest.mark.parametrize("path", PROPERTIES)
    def test_properties_say_what_they_are(self, path):
        assert PROPERTIES[path].__doc__.strip().endswith(".")

    @pytest.mark.parametrize("path", OBJECTS | METHODS)
    def test_sections_come_in_numpydoc_s_order(self, path):
        order = [
            "",
            "Parameters",
            "Attributes",
            "Returns",
            "Yields",
            "Raises",
            "Warns",
            "See Also",
            "Notes",
            "References",
            "Examples",
        ]
        found = list(sections((OBJECTS | METHODS)[path].__doc__))
        assert set(found) <= set(order)
        assert found == sorted(found, key=order.index)

    @pytest.mark.parametrize("path", sorted(OBJECTS.keys() - {"skann.show_versions"}))
    def test_relatives_lead_to_each_other(self, path):
        assert entries(sections(OBJECTS[path].__doc__)["See Also"])

    @pytest.mark.parametrize("path", OBJECTS)
    def test_defaults_are_those_of_the_signature(self, path):
        documented = documented_defaults(OBJECTS[path])
        for name, parameter in inspect.signature(OBJECTS[path]).parameters.items():
            if parameter.default is not inspect.Parameter.empty:
                found = eval(documented[name], {"np": np, "numpy": np})
                assert found == parameter.default
                assert type(found) is type(parameter.default)


@pytest.mark.parametrize("path", OBJECTS | METHODS)
def test_parameters_and_results_have_types(path):
    thing = (OBJECTS | METHODS)[path]
    signature = inspect.signature(thing)
    for name, parameter in signature.parameters.items():
        if name != "self":
            assert parameter.annotation is not parameter.empty, name
    if not inspect.isclass(thing):
        assert signature.return_annotation is not signature.empty


# What numpydoc would also have, and why not.
NOT_ASKED_FOR = {
    "ES01",  # An extended summary, though the summary says it all.
    "EX01",  # Examples; those of classes, functions and methods are asked for above.
    "GL02",  # Quotes on a line of their own, which a filled-in docstring does not show.
    "PR08",  # Capital letters: a description may begin with a Greek one of a formula.
    "RT02",  # No name for what is returned; scikit-learn names it.
    "SA01",  # A section "See Also" everywhere.
    "SS05",  # A verb first: plurals such as "Probabilities" are taken for one.
}


@pytest.mark.parametrize("path", [*OBJECTS, *METHODS, *PROPERTIES])
def test_numpydoc_finds_nothing_wrong(path):
    validate = pytest.importorskip("numpydoc.validate").validate
    found = validate(path)["errors"]
    assert [error for error in found if error[0] not in NOT_ASKED_FOR] == []


@pytest.mark.parametrize("kind", [BPClassifier, BPRegressor])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_every_fitted_attribute_is_documented_and_there(kind, early_stopping):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = (X[:, 0] > 0).astype(int)
    model = kind((3,), early_stopping=early_stopping, max_iter=2).fit(X, y)
    documented = set(entries(sections(kind.__doc__)["Attributes"]))
    fitted = {
        name
        for name in (*vars(model), *dir(type(model)))
        if name.endswith("_") and not name.startswith("_")
    }
    assert fitted <= documented
    # Only where X has names, and of solver="br".
    sometimes = {"feature_names_in_", "alpha_", "n_effective_parameters_"}
    for name in documented - sometimes:
        assert hasattr(model, name)


@pytest.mark.parametrize("path", METHODS)
def test_signatures_of_methods_print_short(path):
    parameters = inspect.signature(METHODS[path]).parameters
    for parameter in parameters.values():
        assert len(str(parameter)) < 100
