"""What show_versions prints."""

import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

import skann
from skann._engine.native import binding, missing


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
    monkeypatch.setattr(binding, "why_missing", "is on holiday")
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
    reason = "the compiled engine can't be loaded: no such file"
    if not binding.is_compiled():
        reason = f"the compiled engine {binding.why_missing}"
    assert warning.startswith(f"skann's {reason[4:]}. NumPy does its work")
    assert f"engine: NumPy ({reason})" in versions


def test_a_source_folder_that_hides_the_installed_package_says_so(tmp_path):
    source = Path(skann.__file__).parent
    leave_out = shutil.ignore_patterns("_compiled*", "data", "static", "__pycache__")
    shutil.copytree(source, tmp_path / "skann", ignore=leave_out)
    (tmp_path / "pyproject.toml").touch()
    installed = tmp_path / "site-packages"
    (installed / missing._PLACE).mkdir(parents=True)
    (installed / missing._PLACE / f"_compiled{EXTENSION_SUFFIXES[0]}").touch()
    found = subprocess.run(
        [sys.executable, "-c", "import skann"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "SKANN_COMPILED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    warning = found.stderr
    assert f"not built in the source folder {tmp_path}, from which" in warning
    assert "Start Python in another folder to import the installed skann" in warning
    assert "circular" not in warning


def test_advice_fits_the_place_of_the_package(tmp_path):
    folder = tmp_path / missing._PLACE
    folder.mkdir(parents=True)

    def explained():
        error = ImportError("other magic")
        return " ".join(missing.explained(error, folder, [str(tmp_path)]))

    assert "was not built when skann was installed Install a C comp" in explained()
    (tmp_path / "pyproject.toml").touch()
    assert f"from which skann is imported pip install -e {tmp_path} bu" in explained()
    (folder / f"_compiled{EXTENSION_SUFFIXES[-1]}").touch()
    assert "can't be loaded: other magic Install skann again" in explained()


def test_one_that_was_switched_off_is_not_missed():
    warning, *versions = output_without_engine(SKANN_COMPILED="0")
    assert not warning
    assert (
        "engine: NumPy (the compiled engine is switched off by SKANN_COMPILED=0)"
        in versions
    )
