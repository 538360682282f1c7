"""The C sources: what includes what."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skann

SOURCES = sorted((Path(skann.__file__).parent / "_engine" / "native").glob("*.[ch]"))

pytestmark = pytest.mark.skipif(not SOURCES, reason="the sources are not installed")


def included(path):
    return re.findall(r'^#include "(\w+)\.h"', path.read_text("utf-8"), re.MULTILINE)


def test_there_is_no_cycle():
    # A header and its implementation are one.
    graph = {}
    for path in SOURCES:
        graph.setdefault(path.stem, set()).update({*included(path)} - {path.stem})
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("thread_pool") < order.index("steps")
    assert order.index("dispatch") < order.index("training_type")


def test_every_header_is_named_where_the_parts_are_listed():
    text = next(p for p in SOURCES if p.name == "engine.h").read_text("utf-8")
    parts = set(re.findall(r"^ \*   (\w+)\.[ch] ", text, re.MULTILINE))
    stems = {path.stem for path in SOURCES if not re.match(r"f(32|64)_", path.stem)}
    assert stems - {"engine", "instance", "module_state"} <= parts


def test_every_header_is_built_anew_when_it_changes():
    pyproject = Path(skann.__file__).parents[1] / "pyproject.toml"
    if not pyproject.exists():
        pytest.skip("this is not a checkout")
    text = pyproject.read_text("utf-8")
    for path in SOURCES:
        assert f'"skann/_engine/native/{path.name}"' in text
