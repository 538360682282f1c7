"""What Sphinx does not check: every public name has a page, every example is shown."""

import importlib
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import skann

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MODULES = [
    "skann",
    *(
        found.name
        for found in pkgutil.iter_modules(skann.__path__, "skann.")
        if not found.name.startswith("skann._")
    ),
]


def names_in_the_reference():
    """Module: names listed under it in the API reference, in its order."""
    names, module = {}, None
    for line in (DOCS / "api.rst").read_text("utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif re.fullmatch(r"   \w+", line):
            names.setdefault(module, []).append(line.strip())
    return names


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_in_the_reference_once(module):
    public = set(importlib.import_module(module).__all__) - {"__version__"}
    assert sorted(names_in_the_reference().get(module, [])) == sorted(public)


def test_the_reference_has_no_module_that_is_not_public():
    assert set(names_in_the_reference()) <= set(MODULES)


def test_the_gallery_takes_every_example():
    # sphinx-gallery runs, and shows with their output, the scripts of this pattern.
    assert [
        path.name
        for path in (ROOT / "examples").glob("*.py")
        if not path.name.startswith("plot_")
    ] == []


def test_examples_that_the_gallery_shortens_are_there():
    source = (DOCS / "_ext" / "example_arguments.py").read_text("utf-8")
    shortened = re.findall(r'^    "(plot_\w+)": ', source, re.M)
    assert shortened
    for name in shortened:
        assert (ROOT / "examples" / f"{name}.py").exists()


def in_toctrees():
    """Pages, by path without suffix, that a table of contents leads to."""
    for page in [*DOCS.glob("*.rst"), *DOCS.glob("**/*.md")]:
        text = page.read_text("utf-8")
        blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.M | re.S)
        blocks += re.findall(r"^\.\. toctree::\n((?:   .*\n|\n)+)", text, re.M)
        for line in "\n".join(blocks).split("\n"):
            name = line.strip().partition("<")[2].rstrip(">") or line.strip()
            if name and not name.startswith(":"):
                yield (page.parent / name).resolve()


def test_every_page_is_in_a_table_of_contents():
    built = [DOCS / name for name in ("_build", "auto_examples", "generated")]
    listed = set(in_toctrees())
    for page in [*DOCS.glob("**/*.md"), DOCS / "api.rst"]:
        if not any(page.is_relative_to(folder) for folder in built):
            assert page.resolve().with_suffix("") in listed, page


def test_the_first_page_has_the_readme_s_code_and_figures():
    readme = (ROOT / "README.md").read_text("utf-8")
    first = (DOCS / "index.rst").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", readme, re.M | re.S)
    assert textwrap.indent(code, "   ") in first
    figures = re.findall(r"\| (\.\d+) \| (\.\d+) \| (\d+) \|$", readme, re.M)
    listed = re.findall(r"     - (\.\d+)\n     - (\.\d+)\n     - (\d+)\n", first)
    assert listed == figures
    assert figures
