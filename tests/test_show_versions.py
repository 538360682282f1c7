"""What show_versions prints."""

import os
import subprocess
import sys

import numpy as np

import skann
from skann._engine.native import binding


def lines(capsys):
    skann.show_versions()
    return dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())


def test_says_what_a_bug_report_needs(capsys):
    found = lines(capsys)
    assert found["skann"] == skann.__version__
    assert found["numpy"] == np.__version__
    assert int(found["threads"]) >= 1
    assert {"scipy", "scikit-learn", "joblib", "Python", "platform"} <= found.keys()


def test_says_which_engine_is_in_use(capsys, monkeypatch):
    if binding.is_compiled():
        assert lines(capsys)["engine"] == f"compiled, {binding.level()} instructions"
    monkeypatch.setattr(binding, "_compiled", None)
    monkeypatch.setattr(binding, "why_missing", "on holiday")
    assert lines(capsys)["engine"] == "NumPy (the compiled engine is on holiday)"


START = """
import sys, warnings
from importlib.abc import MetaPathFinder

class NotBuilt(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.endswith("._compiled"):
            raise ImportError("no such file")

sys.meta_path.insert(0, NotBuilt())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import skann
    from skann import BPClassifier
print(*[warning.message for warning in caught if "engine" in str(warning.message)])
skann.show_versions()
"""


def output_without_engine(**environment):
    return subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


def test_an_engine_that_was_not_built_is_missed_once():
    warning, *versions = output_without_engine(SKANN_COMPILED="1")
    assert warning.startswith("skann's compiled engine is not there: no such file.")
    assert "engine: NumPy (the compiled engine is not there: no such file)" in versions


def test_one_that_was_switched_off_is_not_missed():
    warning, *versions = output_without_engine(SKANN_COMPILED="0")
    assert not warning
    assert (
        "engine: NumPy (the compiled engine is switched off by SKANN_COMPILED=0)"
        in versions
    )
