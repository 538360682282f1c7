"""Losses and activations of one's own, and the checks of them and of the package's."""

import copy
import pickle

import numpy as np
import pytest
from _helpers import ACTIVATION_FORMULAS, small_net, theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skann import BPClassifier, BPRegressor
from skann._network.activations import ACTIVATIONS
from skann._network.losses import LOSSES
from skann.activations import Activation, check_activation
from skann.losses import Focal, Loss, Tweedie, check_loss

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
REAL = X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=200)
THREE = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
SETTINGS = {"solver": "adam", "max_iter": 5}


class Squares(Loss):
    def value(self, z, y):
        return 0.5 * ((z - y) ** 2).sum(axis=1)

    def derivative(self, z, y):
        return z - y


class Counts(Loss):
    link = "log"

    def value(self, z, y):
        return (np.exp(z) - y * z).sum(axis=1)

    def derivative(self, z, y):
        return np.exp(z) - y


class CrossEntropy(Loss):
    link = "logit"

    def value(self, z, y):
        return (np.logaddexp(0, z) - y * z).sum(axis=1)

    def derivative(self, z, y):
        return expit(z) - y


class Likelihood(Loss):
    link = "softmax"

    def value(self, z, y):
        return -(y * log_softmax(z, axis=1)).sum(axis=1)

    def derivative(self, z, y):
        return softmax(z, axis=1) - y


class Margin(Loss):
    def value(self, z, y):
        return np.maximum(0, 1 - (2 * y - 1) * z).sum(axis=1)

    def derivative(self, z, y):
        t = 2 * y - 1
        return np.where(t * z < 1, -t, 0).astype(z.dtype)


class Sine(Activation):
    def __init__(self, frequency=1.0):
        self.frequency = frequency

    def value(self, z):
        return np.sin(self.frequency * z)

    def derivative(self, z):
        return self.frequency * np.cos(self.frequency * z)


class Hyperbola(Activation):
    """The package's tangent."""

    def value(self, z):
        return np.tanh(z)

    def derivative(self, z):
        return 1 - np.tanh(z) ** 2


class TestIsThePackageS:
    @pytest.mark.parametrize(
        ("Estimator", "own", "name", "y"),
        [
            (BPRegressor, Squares(), "squared_error", REAL),
            (BPRegressor, Counts(), "poisson", np.exp(REAL)),
            (BPClassifier, CrossEntropy(), "cross_entropy", THREE),
            (BPClassifier, CrossEntropy(), "cross_entropy", THREE > 0),
            (BPClassifier, Likelihood(), "softmax", THREE),
            (BPClassifier, Likelihood(), "softmax", THREE > 0),
            (BPClassifier, Likelihood(), "auto", np.column_stack([THREE, THREE > 0])),
            (
                BPClassifier,
                CrossEntropy(),
                "auto",
                np.column_stack([THREE > 1, THREE > 0]).astype(int),
            ),
        ],
        ids=lambda case: "" if isinstance(case, np.ndarray) else str(case),
    )
    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    @pytest.mark.filterwarnings("ignore:Training stopped at max_iter")
    def test_loss(self, Estimator, own, name, y, solver):
        one, other = (
            small_net(Estimator, solver=solver, loss=loss).fit(X, y)
            for loss in (own, name)
        )
        assert_allclose(theta(one), theta(other), rtol=1e-6, atol=1e-9)
        assert_allclose(one.predict(X), other.predict(X), rtol=1e-6)
        assert one.out_activation_ == other.out_activation_
        assert one.engine_ == "reference"
        if Estimator is BPClassifier:
            for found, expected in zip(
                one.predict_proba(X), other.predict_proba(X), strict=True
            ):
                assert_allclose(found, expected, rtol=1e-5)

    @pytest.mark.parametrize("activation", [Hyperbola(), ["tanh", Hyperbola()]])
    def test_activation(self, activation):
        one, other = (
            small_net(
                BPRegressor, hidden_layer_sizes=(5, 4), activation=each, **SETTINGS
            ).fit(X, REAL)
            for each in (activation, "tanh")
        )
        assert_allclose(theta(one), theta(other), rtol=1e-6)
        assert_allclose(one.input_gradients(X), other.input_gradients(X), rtol=1e-6)
        assert_allclose(one.transform(X), other.transform(X), rtol=1e-6)
        assert one.activations_[-1] == Hyperbola()


class TestTraining:
    def test_one_cycle_learns(self):
        model = BPRegressor((20,), Sine(2.0), loss=Squares(), random_state=0)
        assert model.fit(X, REAL).score(X, REAL) > 0.8
        assert "Sine" in str(model.summary())
        assert "Sine" in model._repr_html_()

    def test_without_probabilities(self):
        model = BPClassifier(loss=Margin(), random_state=0).fit(X, THREE > 0)
        assert model.score(X, THREE > 0) > 0.9
        assert not hasattr(model, "predict_proba")

    def test_verbose_says_which_engine(self, capsys):
        small_net(BPRegressor, loss=Squares(), verbose=True, **SETTINGS).fit(X, REAL)
        own = capsys.readouterr().out
        small_net(BPRegressor, verbose=True, **SETTINGS).fit(X, REAL)
        assert "reference engine" not in capsys.readouterr().out
        compiled = small_net(BPRegressor, **SETTINGS).fit(X, REAL).engine_
        assert ("reference engine" in own) == (compiled == "compiled")

    def test_a_search_reaches_the_settings(self):
        search = GridSearchCV(
            small_net(BPRegressor, activation=Sine(), **SETTINGS),
            {"activation__frequency": [0.5, 2.0]},
            cv=2,
        )
        assert set(search.fit(X, REAL).best_params_) == {"activation__frequency"}

    @pytest.mark.parametrize("same", [True, False])
    def test_a_warm_start_with_the_same_function_goes_on(self, same):
        model = small_net(BPRegressor, activation=Sine(2.0), warm_start=True)
        model.fit(X, REAL).set_params(activation=Sine(2.0 if same else 3.0))
        if same:
            model.fit(X, REAL)
            assert len(model.loss_curve_) == 10
            return
        with pytest.raises(ValueError, match="another network"):
            model.fit(X, REAL)

    @pytest.mark.parametrize("solver", ["newton-cg", "trust-ncg"])
    @pytest.mark.parametrize("options", [{"loss": Squares()}, {"activation": Sine()}])
    def test_solvers_that_need_second_derivatives(self, solver, options):
        with pytest.raises(ValueError, match="needs second derivatives"):
            small_net(BPRegressor, solver=solver, **options).fit(X, REAL)


class TestStored:
    model = small_net(BPRegressor, activation=Sine(2.0), loss=Squares(), **SETTINGS)

    @pytest.mark.parametrize(
        "way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
    )
    def test_pickles_and_copies_go_on_the_same(self, way):
        model = clone(self.model).partial_fit(X, REAL)
        other = way(model)
        assert_array_equal(other.predict(X), model.predict(X))
        assert_array_equal(
            theta(other.partial_fit(X, REAL)), theta(model.partial_fit(X, REAL))
        )

    def test_files_and_code_refuse_them_by_name(self, tmp_path):
        model = clone(self.model).fit(X, REAL)
        with pytest.raises(ValueError, match="activation=Sine"):
            model.save_model(tmp_path / "model.skann")
        with pytest.raises(ValueError, match="activation=Sine"):
            model.to_code()
        with pytest.raises(ValueError, match="activation=Sine"):
            model.to_onnx()


class TestRefusals:
    def test_a_link_that_is_none(self):
        class Odd(Squares):
            link = "probit"

        with pytest.raises(ValueError, match=r"Odd.link must be one of .* 'probit'"):
            BPRegressor(loss=Odd()).fit(X, REAL)

    @pytest.mark.parametrize("value", [lambda z, y: z, lambda z, y: 1.0])
    def test_results_of_another_shape(self, value):
        class Odd(Squares):
            pass

        Odd.value = lambda self, z, y: value(z, y)
        with pytest.raises(ValueError, match=r"Odd.value must return numbers"):
            BPRegressor(loss=Odd()).fit(X, REAL)

    def test_the_class_instead_of_an_object(self):
        with pytest.raises(ValueError, match="An instance is wanted, not the class"):
            BPRegressor(loss=Squares).fit(X, REAL)
        with pytest.raises(ValueError, match="An instance is wanted, not the class"):
            BPRegressor(activation=Sine).fit(X, REAL)

    def test_gaps_are_not_for_it(self):
        model = BPRegressor(loss=Squares(), missing_targets="ignore")
        with pytest.raises(ValueError, match="can't be used with loss=Squares"):
            model.fit(X, REAL)

    def test_a_distribution_over_labels(self):
        labels = np.column_stack([THREE > 1, THREE > 0]).astype(int)
        with pytest.raises(ValueError, match="can't be used with multilabel"):
            BPClassifier(loss=Likelihood()).fit(X, labels)


class TestChecks:
    @pytest.mark.parametrize("name", LOSSES)
    def test_the_package_s_losses_pass(self, name):
        check_loss(name)

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_the_package_s_activations_pass(self, name):
        check_activation(name)

    @pytest.mark.parametrize(
        "loss",
        [
            Squares(),
            Counts(),
            CrossEntropy(),
            Likelihood(),
            Margin(),
            Tweedie(3.0),
            Focal(),
        ],
    )
    def test_losses_pass(self, loss):
        check_loss(loss)

    @pytest.mark.parametrize("name", ACTIVATION_FORMULAS)
    def test_formulas_as_activations_pass(self, name):
        class Formula(Activation):
            def value(self, z):
                return ACTIVATION_FORMULAS[name][0](z).astype(z.dtype)

            def derivative(self, z):
                return ACTIVATION_FORMULAS[name][1](z).astype(z.dtype)

        check_activation(Formula())

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (
                {"derivative": lambda self, z, y: 2 * (z - y)},
                "derivative must be that of",
            ),
            ({"value": lambda self, z, y: (z - y) ** 2}, "must return numbers in an"),
            (
                {"value": lambda self, z, y: ((z - z.mean(0)) ** 2).sum(axis=1)},
                "must not depend on the rows beside it",
            ),
            (
                {"derivative": lambda self, z, y: np.subtract(z, y, out=z)},
                "must not write to the arrays",
            ),
            (
                {"value": lambda self, z, y: np.square(z - y).sum(axis=1, dtype=float)},
                "must keep the dtype",
            ),
            (
                {"value": lambda self, z, y: np.log(Squares.value(self, z, y) - 99)},
                "must be finite",
            ),
        ],
        ids=lambda words: words if isinstance(words, str) else "",
    )
    @pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
    def test_what_is_wrong_with_a_loss(self, wrong, words):
        with pytest.raises(ValueError, match=words):
            check_loss(type("Odd", (Squares,), wrong)())

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"derivative": lambda self, z: np.cos(z + 0.01)}, "differences of value"),
            ({"derivative": lambda self, z: 1.0}, "must return numbers in an array"),
            ({"value": lambda self, z: z}, "must return a new array"),
            ({"value": lambda self, z: z / abs(z).max()}, "number by number"),
        ],
    )
    def test_what_is_wrong_with_an_activation(self, wrong, words):
        with pytest.raises(ValueError, match=words):
            check_activation(type("Odd", (Sine,), wrong)(1.0))

    def test_settings_that_are_lost(self):
        class Forgetful(Sine):
            def __init__(self, frequency=1.0):
                self.frequency = frequency + 1

        with pytest.raises((ValueError, RuntimeError), match=r"constructor"):
            check_activation(Forgetful(1.0))

    @pytest.mark.parametrize("check", [check_loss, check_activation])
    def test_what_is_no_function(self, check):
        with pytest.raises(ValueError, match="must be an object"):
            check("no such")
