"""scikit-learn's page "Supporting callbacks in third party estimators", with a network.

What the page asks of an estimator is checked on ours; the search that it writes, which
hands its callbacks on to the estimators that it fits, is written here around a network.
"""

import inspect

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import KFold

from skann import BPClassifier, BPRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has it")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
LABELS = (X[:, 0] > 0).astype(int)
PARAMETERS = [{"hidden_layer_sizes": size} for size in (2, 3)]
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"  # short fits are enough
)


class Search(callback.CallbackSupportMixin, BaseEstimator):
    """A cross-validation of each of some candidates, as two levels of tasks."""

    def __init__(self, estimator, candidates, cv):
        self.estimator = estimator
        self.candidates = candidates
        self.cv = cv

    @callback.with_callbacks
    def fit(self, X, y):
        given = {"estimator": self, "X": X, "y": y}
        whole = self._init_callback_context(max_subtasks=len(self.candidates))
        whole.call_on_fit_task_begin(**given)
        self.scores_ = []
        for candidate in self.candidates:
            one = whole.subcontext(
                task_name="candidate", max_subtasks=self.cv.get_n_splits()
            )
            one.call_on_fit_task_begin(**given)
            self.scores_.append(
                [self._score(one, candidate, *s) for s in self._split(X, y)]
            )
            if one.call_on_fit_task_end(**given):
                break
        whole.call_on_fit_task_end(**given)
        return self

    def _split(self, X, y):
        for train, test in self.cv.split(X):
            yield X[train], y[train], X[test], y[test]

    def _score(self, parent, candidate, X, y, X_test, y_test):
        net = clone(self.estimator).set_params(**candidate)
        task = parent.subcontext(task_name="split")
        with task.propagate_callback_context(net):
            net.fit(X, y)
        return net.score(X_test, y_test)


class Tree:
    """Counts the tasks by the names on the way to them."""

    max_propagation_depth = None

    def __init__(self):
        self.begun, self.ended, self.set_up, self.torn_down = [], [], 0, 0

    def setup(self, estimator, context):
        self.set_up += 1

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(names(context))

    def on_fit_task_end(self, estimator, context):
        self.ended.append(names(context))


def names(context):
    found = []
    while context is not None:
        found.insert(0, context.task_name)
        context = context.parent
    return tuple(found)


def search(estimator, *callbacks):
    made = Search(estimator, PARAMETERS, KFold(3))
    return made.set_callbacks(*callbacks).fit(X, LABELS)


@pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
class TestThePage:
    def test_what_it_asks_of_an_estimator(self, Estimator):
        assert issubclass(Estimator, callback.CallbackSupportMixin)
        # A decorator around fit ends the callbacks, even after an error.
        assert inspect.unwrap(Estimator.fit) is not Estimator.fit

    def test_a_progress_bar_on_the_estimator(self, Estimator, capsys):
        pytest.importorskip("rich")
        bar = callback.ProgressBar()
        Estimator(3, max_iter=5).set_callbacks(bar).fit(X, LABELS)
        assert f"{Estimator.__name__} - fit" in capsys.readouterr().out

    def test_epochs_are_leaves_of_the_search_s_tree(self, Estimator):
        tree = Tree()
        net = Estimator(max_iter=5, random_state=0)
        found = search(net, tree)
        leaf = [path for path in tree.ended if path[-1] == "epoch"]
        assert len(leaf) == len(PARAMETERS) * 3 * 5
        assert {len(path) for path in leaf} == {len(leaf[0])}
        assert leaf[0][:2] == ("fit", "candidate")
        assert sorted(tree.begun) == sorted(tree.ended)
        assert tree.set_up == tree.torn_down == 1
        assert np.shape(found.scores_) == (2, 3)

    def test_its_progress_bar_goes_down_to_the_epochs(self, Estimator, capsys):
        pytest.importorskip("rich")
        net = Estimator(max_iter=5, random_state=0)
        search(net, callback.ProgressBar(max_propagation_depth=None))
        said = capsys.readouterr().out
        assert "Search - fit" in said
        assert f"{Estimator.__name__} - fit" in said

    def test_one_set_on_the_estimator_is_called_in_every_fit(self, Estimator):
        scoring = "accuracy" if Estimator is BPClassifier else "r2"
        monitor = callback.ScoringMonitor(scoring=scoring)
        search(Estimator(max_iter=5, random_state=0).set_callbacks(monitor))
        logs = monitor.get_logs()
        rows = [
            row
            for log in (logs if isinstance(logs, list) else [logs])
            for row in log.data
            if row["task_name"] == "epoch"
        ]
        assert len(rows) == len(PARAMETERS) * 3 * 5
        assert all(scoring in row for row in rows)
