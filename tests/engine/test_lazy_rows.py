"""Sleeping rows of wide sparse data."""

import numpy as np
import pytest
from _helpers import OPTIMIZER_FORMS, SLEEPERS, make_optimizer
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skann._engine.lazy_rows import LazyRows, compact, pays
from skann._optimize.optimizers import Adam, AdamW


def wide(density=0.01, n_rows=50, n_features=400, seed=0):
    rng = np.random.default_rng(seed)
    return sparse.random(n_rows, n_features, density, "csr", random_state=rng)


class TestPays:
    def test_where_a_batch_meets_few_features(self):
        assert pays(wide(0.01), 10, 0.0, Adam())
        assert not pays(wide(0.2), 10, 0.0, Adam())
        assert not pays(wide(0.01), 200, 0.0, Adam())

    def test_not_where_all_weights_move(self):
        assert not pays(wide(), 10, 1e-6, Adam())

    def test_not_dense(self):
        assert not pays(wide().toarray(), 10, 0.0, Adam())

    @pytest.mark.parametrize("betas", [(0.9, 0.0), (0.9, 0.5)])
    def test_not_where_movement_does_not_die_away(self, betas):
        assert not pays(wide(), 10, 0.0, Adam(*betas))

    @pytest.mark.parametrize("form", OPTIMIZER_FORMS)
    def test_with_the_optimisers_whose_rows_sleep(self, form):
        assert pays(wide(), 10, 0.0, make_optimizer(form)) == (form in SLEEPERS)

    def test_not_where_weights_decay(self):
        assert not pays(wide(), 10, 0.0, AdamW(weight_decay=0.1))


class TestCompact:
    def test_keeps_the_columns_that_are_there(self):
        X = wide()
        features, small = compact(X)
        assert_array_equal(features, np.flatnonzero(X.toarray().any(axis=0)))
        assert_array_equal(small.toarray(), X.toarray()[:, features])

    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
    def test_keeps_the_kind_of_matrix(self, kind):
        assert isinstance(compact(kind(wide()))[1], kind)

    def test_an_empty_batch(self):
        features, small = compact(sparse.csr_array((3, 5)))
        assert features.size == 0
        assert small.shape == (3, 0)


@pytest.mark.parametrize("form", SLEEPERS)
@pytest.mark.parametrize("gap", [1, 3, 40, 900])
def test_a_row_wakes_where_it_would_have_gone(form, gap):
    # One row gets two gradients with a gap of steps between them; the other row gets
    # a gradient in every step. The same with zero gradients for all parameters.
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(2, 3))
    lazy = dense.copy()
    options = {"epsilon": 1e-20} if form == "adam" else {}
    by_rows = make_optimizer(form, **options).start(6, np.float64)
    whole = make_optimizer(form, **options).start(6, np.float64)
    gradient = np.empty(6)
    whole.bind(dense.reshape(-1), gradient)
    by_rows.bind(lazy.reshape(-1), np.empty(6), 6)
    rows = LazyRows(by_rows, lazy)
    for step in range(gap + 2):
        rate = 0.01 / (step + 1)
        g = rng.normal(size=(2, 3)) * by_rows.factor(rate)
        features = np.array([0, 1] if step in (0, gap) else [1])
        g[np.setdiff1d([0, 1], features)] = 0
        gradient[:] = g.reshape(-1)
        whole.step(rate)
        state = rows.wake(features)
        by_rows.step(rate)
        rows.step(features, g[features], state)
    rows.wake_all()
    assert_allclose(lazy, dense, rtol=1e-10, atol=1e-12)
    for mine, other in zip(by_rows.state, whole.state, strict=True):
        assert_allclose(mine, other, rtol=1e-10, atol=1e-300)
