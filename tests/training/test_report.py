"""What ``verbose`` shows, on real fits."""

import sys

import numpy as np
import pytest

from skann import BPClassifier
from skann._training.report import figures

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 4))
y = (X[:, 0] + 0.5 * rng.normal(size=90) > 0).astype(int)

OVERFITS = {
    "hidden_layer_sizes": 30,
    "solver": "adam",
    "learning_rate_init": 0.02,
    "early_stopping": True,
    "n_iter_no_change": 5,
    "random_state": 0,
}


def fitted(capsys, **settings):
    model = BPClassifier(**OVERFITS | settings).fit(X, y)
    return model, capsys.readouterr().out.splitlines()


def numbers(lines):
    return [int(line.split()[0]) for line in lines]


class TestTable:
    def test_columns_are_aligned(self, capsys):
        _, (head, *lines, _) = fitted(capsys, verbose=True)
        width = len(head)
        assert all(len(line.removesuffix(" *")) == width for line in lines)
        for line in lines:
            assert line[head.index("epoch") + 5] == " "
            assert line[head.index("rate") + 4] == " "

    def test_the_best_line_is_the_last_with_a_mark(self, capsys):
        model, (_, *lines, last) = fitted(capsys, verbose=True)
        assert numbers(lines) == model.history_["epoch"]
        marked = [line for line in lines if line.endswith(" *")]
        assert numbers(marked)[-1] == model.best_iter_ < model.n_iter_
        assert last == f"Stopped: {model.stop_reason_}. Best epoch: {model.best_iter_}."

    def test_the_best_score_where_that_is_watched(self, capsys):
        model, (*_, last) = fitted(capsys, verbose=True, scoring="accuracy")
        assert last.endswith(f"Best epoch: {model.best_iter_}.")

    @pytest.mark.parametrize("every", [3, 100])
    def test_every_so_manieth_with_the_first_and_the_last(self, capsys, every):
        model, (_, *lines, _) = fitted(capsys, verbose=every)
        last = model.n_iter_
        wanted = {1, last} | set(range(every, last + 1, every))
        assert numbers(lines) == sorted(wanted)

    def test_going_on_counts_on(self, capsys):
        model = BPClassifier(3, max_iter=2, solver="sgd", warm_start=True, verbose=1)
        model.fit(X, y).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:3] for line in lines if " of " in line] == [
            ["1", "of", "2"],
            ["2", "of", "2"],
            ["3", "of", "4"],
            ["4", "of", "4"],
        ]

    def test_passes_have_one_heading(self, capsys):
        model = BPClassifier(3, solver="sgd", verbose=True)
        for _ in range(3):
            model.partial_fit(X, y, classes=[0, 1])
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["epoch", "1", "2", "3"]

    def test_no_column_is_nan(self, capsys):
        _, lines = fitted(capsys, verbose=True, solver="lbfgs", early_stopping=False)
        assert not any("nan" in line for line in lines)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (89, "89 s"), (120, "2 min"), (5400, "1.5 h"), (np.nan, "")],
)
def test_time_left(seconds, shown):
    row = dict.fromkeys(
        ["loss", "validation_loss", "validation_score", "learning_rate", "seconds"], 0
    )
    assert figures(row, seconds)[-1] == shown


class TestProgress:
    def test_a_bar_has_the_figures(self, capsys):
        pytest.importorskip("rich")
        model, lines = fitted(capsys, verbose="progress")
        said = " ".join(" ".join(lines).split())
        assert f"Best epoch: {model.best_iter_}" in said
        assert f"epoch {model.n_iter_} of 200" in said

    def test_an_error_gives_the_terminal_back(self, capsys):
        pytest.importorskip("rich")
        settings = {"solver": "sgd", "learning_rate_init": 1e300, "loss": "mse"}
        for _ in range(2):  # rich allows one bar at a time
            with pytest.raises(ValueError, match="diverged"):
                fitted(capsys, verbose="progress", activation="identity", **settings)

    def test_without_rich_the_extra_is_named(self, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "rich.progress", None)
        with pytest.raises(ImportError, match=r"verbose='progress'.*skann\[progress\]"):
            fitted(capsys, verbose="progress")

    def test_other_words_are_refused(self, capsys):
        with pytest.raises(ValueError, match=r"'verbose' parameter.*progress"):
            fitted(capsys, verbose="bar")
