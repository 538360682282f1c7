"""What estimators of tables make of their networks: interrupts, warnings, losses."""

import warnings

import numpy as np
import pytest
from _tables import table
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import d2_absolute_error_score, d2_pinball_score

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann._tabular.blend import mixture
from skann._training.membership import Ensemble, MemberStopped, member_of
from skann.preprocessing import TableEncoder

X, VALUES, LABELS = table()
NUMBERS = np.random.default_rng(0).normal(size=(300, 3))
TARGETS = NUMBERS[:, 0] + np.random.default_rng(1).normal(scale=0.5, size=300)
FEW = {"cv": 2, "random_state": 0}

both = pytest.mark.parametrize(
    ("kind", "member", "y"),
    [
        (TabularClassifier, BPClassifier, LABELS),
        (TabularRegressor, BPRegressor, VALUES),
    ],
    ids=["classes", "values"],
)


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupt_ends_the_fit_and_keeps_the_old_model(kind, member, y, solver):
    model = kind(estimator=member((3,), max_iter=2), **FEW).fit(X, y)
    before, state = model.predict(X), set(vars(model))
    calls = []

    def interrupt(estimator, X, y):
        calls.append(estimator)
        raise KeyboardInterrupt

    network = member((3,), solver=solver, scoring=interrupt, early_stopping=True)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(estimator=network, verbose=1).fit(X, y)
    assert len(calls) == 1
    assert set(vars(model)) == state
    np.testing.assert_array_equal(model.predict(X), before)


def test_an_interrupt_before_the_first_epoch_is_no_other_error(capsys):
    def interrupt(step):
        raise KeyboardInterrupt

    network = BPRegressor((3,), learning_rate=interrupt)
    with pytest.raises(KeyboardInterrupt):
        TabularRegressor(estimator=network, verbose=1, **FEW).fit(X, VALUES)
    assert "network 1" not in capsys.readouterr().out


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_members_in_other_threads_stop(solver):
    ensemble = Ensemble()

    def end(estimator, X, y):
        ensemble.has_ended = True
        return 0.0

    network = BPRegressor((3,), solver=solver, scoring=end, early_stopping=True)
    with pytest.raises(MemberStopped), member_of(ensemble):
        network.fit(NUMBERS, TARGETS)


class TestWarnings:
    @pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
    def test_noise_gives_one(self, kind):
        y = np.random.default_rng(2).normal(size=300)
        y = y > 0 if kind is TabularClassifier else y
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            kind(cv=3, random_state=0).fit(NUMBERS, y)
        (warning,) = caught
        assert warning.category is ConvergenceWarning
        assert str(warning.message).startswith(f"{kind.__name__} found nothing in X")

    def test_labels_and_several_columns_of_noise_give_one(self):
        rng = np.random.default_rng(2)
        for y in (rng.integers(0, 2, (300, 2)), rng.choice(["a", "b", "c"], (300, 2))):
            with pytest.warns(ConvergenceWarning, match="found nothing"):
                TabularClassifier(**FEW).fit(NUMBERS, y)

    @pytest.mark.parametrize("weight", [None, np.repeat([1.0, 2.0], 150)])
    def test_a_weak_signal_gives_none(self, weight):
        y = 0.5 * NUMBERS[:, 0] + np.random.default_rng(1).normal(size=300)
        TabularRegressor(**FEW).fit(NUMBERS, y, sample_weight=weight)

    @pytest.mark.parametrize("y", [np.ones(300), np.full((300, 2), -1e9)])
    def test_a_constant_target_gives_none(self, y):
        model = TabularRegressor(**FEW).fit(NUMBERS, y)
        np.testing.assert_allclose(model.predict(NUMBERS), y, rtol=0.01)

    def test_networks_of_one_s_own_give_one_that_names_their_parameters(self):
        network = BPRegressor((3,), learning_rate_init=1e-4, max_iter=30)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            TabularRegressor(estimator=network, cv=4).fit(NUMBERS, 100 + TARGETS)
        (warning,) = caught
        assert " of 4 networks." in str(warning.message)
        assert "max_iter" in str(warning.message)


class TestLosses:
    def fitted(self, **parameters):
        network = BPRegressor((8,), max_iter=40, **parameters)
        return TabularRegressor(estimator=network, **FEW).fit(NUMBERS, TARGETS)

    def test_several_quantiles(self):
        levels = [0.1, 0.5, 0.9]
        model = self.fitted(loss="quantile", quantile=levels)
        found = model.predict(NUMBERS)
        assert found.shape == model.oof_prediction_.shape == (300, 3)
        assert (np.diff(found, axis=1) >= 0).all()
        assert 0.7 < np.mean((found[:, 0] < TARGETS) & (found[:, 2] > TARGETS)) < 0.9
        for y, score in (
            (found, model.score(NUMBERS, TARGETS)),
            (model.oof_prediction_, model.oof_score_),
        ):
            expected = np.mean(
                [
                    d2_pinball_score(TARGETS, column, alpha=level)
                    for level, column in zip(levels, y.T, strict=True)
                ]
            )
            assert score == pytest.approx(expected)

    def test_the_score_is_that_of_the_loss(self):
        model = self.fitted(loss="absolute_error")
        expected = d2_absolute_error_score(TARGETS, model.predict(NUMBERS))
        assert model.score(NUMBERS, TARGETS) == pytest.approx(expected)

    def test_deviations_are_those_of_the_mixture(self):
        model = self.fitted(loss="gaussian")
        mean, deviation = model.predict(NUMBERS, return_std=True)
        np.testing.assert_allclose(mean, model.predict(NUMBERS))
        Z = model.vectorizer_.transform(NUMBERS)
        each = [net.predict(Z, return_std=True) for net in model.estimators_]
        second = np.mean([m**2 + s**2 for m, s in each], axis=0)
        np.testing.assert_allclose(deviation, np.sqrt(second - mean**2), rtol=1e-4)
        assert 0.4 < deviation.mean() < 0.8

    def test_deviations_far_from_zero(self):
        outputs = [np.full((1, 2), [1e9 + 1, 3.0]), np.full((1, 2), [1e9 - 1, 3.0])]
        found = mixture(outputs, [0.5, 0.5])
        np.testing.assert_allclose(found, [[1e9, np.sqrt(10)]])

    def test_without_deviations_the_loss_is_named(self):
        with pytest.raises(ValueError, match=r"return_std=True needs .*'gaussian'"):
            self.fitted().predict(NUMBERS, return_std=True)


@both
class TestHints:
    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("X_val", "cv="),
            ("eval_set", "cv="),
            ("categorical_feature", "category"),
            ("epochs", "estimator"),
            ("cv", r"Tabular\w+\(cv=\.\.\.\)"),
            ("sample_weigth", "sample_weight"),
        ],
    )
    def test_an_unknown_argument_of_fit(self, kind, member, y, name, hint):
        with pytest.raises(TypeError, match=f"^{kind.__name__}.fit.*'{name}'.*{hint}"):
            kind().fit(X, y, **{name: None})

    def test_parameters_of_what_was_not_given(self, kind, member, y):
        with pytest.raises(ValueError, match=r"vectorizer=TableEncoder\(\) first"):
            kind().set_params(vectorizer__n_bins=4)
        with pytest.raises(ValueError, match=rf"estimator={member.__name__}\(\) first"):
            kind().set_params(estimator__alpha=4)
        with pytest.raises(ValueError, match="Set solver to an object first"):
            member().set_params(solver__momentum=0.5)
        model = kind(vectorizer=TableEncoder())
        assert model.set_params(vectorizer__n_bins=4).vectorizer.n_bins == 4
        model = kind().set_params(vectorizer=TableEncoder(), vectorizer__n_bins=4)
        assert model.vectorizer.n_bins == 4
