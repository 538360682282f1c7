"""What docs/extending.md changes, changed in a copy of the sources and tested there.

The compiled engine's are compiled if the environment variable ``SKANN_TEST_KERNEL`` is
set, as it is in ``.ci/engine``: that takes a minute.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAME = "bipolar_sigmoid"


def section(heading):
    """The text below a heading, up to the next one of its level."""
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def apply(changes, root):
    """Make the changes that a page shows, wherever in their files the lines stand."""
    n_changes = 0
    for block in re.findall(r"^```diff\n(.*?)^```$", changes, re.M | re.S):
        for of_file in block.split("--- a/")[1:]:
            path, *hunks = re.split("^@@.*\n", of_file, flags=re.M)
            file = root / path.split("\n")[0]
            text = file.read_text("utf-8")
            for hunk in hunks:
                lines = [line or " " for line in hunk.splitlines()]
                old = "".join(f"{line[1:]}\n" for line in lines if line[0] != "+")
                new = "".join(f"{line[1:]}\n" for line in lines if line[0] != "-")
                assert text.count(old) == 1, f"{file} has not once:\n{old}"
                text = text.replace(old, new)
                n_changes += 1
            file.write_text(text, "utf-8")
    return n_changes


@pytest.fixture
def copy(tmp_path):
    """What the tests need of the sources; nothing that is compiled."""
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.gz", "build")
    for name in ("skann", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    for name in ("pyproject.toml", "setup.py", "conftest.py", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(*command, cwd, **environment):
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(cwd)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def passed(output):
    """How many tests have passed."""
    (found,) = re.findall(r"(\d+) passed", output)
    return int(found)


PYTEST = sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", NAME


def test_an_activation(copy):
    assert apply(section("An activation"), copy) == 3
    tests = "tests/network/test_activations.py", "tests/engine/test_equations.py"
    assert passed(run(*PYTEST, *tests, cwd=copy, SKANN_COMPILED="0")) > 20


def test_a_kernel(copy):
    apply(section("An activation"), copy)
    assert apply(section("A kernel"), copy) == 11
    if not os.environ.get("SKANN_TEST_KERNEL"):
        pytest.skip("compiling takes a minute; .ci/engine does, with SKANN_TEST_KERNEL")
    programs = copy / "objects"
    # What is slow is the compiler.
    about = f"OUT={programs}", "EXTRA=-O1", f"{programs}/engine_tests"
    run("make", "-j2", "-C", "tests/engine/c", *about, cwd=copy)
    assert "bipolar'" in run(programs / "engine_tests", "--errors", cwd=copy)
    required = {"SKANN_REQUIRE_COMPILED": "1"}
    run(sys.executable, "setup.py", "build_ext", "--inplace", cwd=copy, **required)
    tests = "tests/engine/test_native_gradient.py"
    assert passed(run(*PYTEST, tests, cwd=copy)) > 5
