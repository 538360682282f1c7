"""The simulated tables of benchmarks/weak_signals.py are what their truth says."""

import numpy as np
import pytest
import weak_signals
from weak_signals import CASES, Columns, regret

N_ROWS = 4000


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def drawn(request):
    """A case, the truth of some rows, and targets drawn for them."""
    case, rng = request.param, np.random.default_rng(1)
    columns = Columns(case.columns, case.n_columns, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weak_signals, "N_FRESH", N_ROWS)
        truth_of = case.truth(columns, rng)
    _, hidden = columns.draw(N_ROWS, rng)
    truth = truth_of(hidden)
    return case, truth, case.labels(truth, hidden, rng)


def test_weak_signal_targets_follow_truth(drawn):
    case, truth, y = drawn
    if case.target == "classes":
        logs = np.log(truth)
        # Log-loss of the targets less its expectation, row by row.
        excess = logs[np.arange(N_ROWS), y] - np.sum(truth * logs, axis=1)
    else:
        # Slope of the targets on the truth, less 1.
        excess = (y - truth) * (truth - truth.mean())
    assert abs(excess.mean()) < 4 * excess.std() / np.sqrt(N_ROWS)


def test_weak_signal_has_stated_strength(drawn):
    case, truth, y = drawn
    if case.target == "classes" and case.n_classes == 2:
        assert truth[:, 1].mean() == pytest.approx(case.positive, rel=0.15)
    if case.target == "values":
        explained = 1 - np.var(y - truth) / np.var(y)
        assert explained == pytest.approx(case.strength, rel=0.25)


def test_weak_signal_regret_is_0_for_truth_and_1_for_constant(drawn):
    _, truth, _ = drawn
    constant = np.broadcast_to(truth.mean(axis=0), truth.shape)
    assert regret(truth, truth) == pytest.approx(0, abs=1e-9)
    assert regret(truth, constant) == pytest.approx(1)
    halfway = (truth + constant) / 2
    assert 0 < regret(truth, halfway) < 0.5
