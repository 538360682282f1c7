"""What show_versions prints."""

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
    assert lines(capsys)["engine"].startswith("NumPy")
