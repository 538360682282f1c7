"""Every display on a real fit: what it holds, and that it can be drawn.

What is in a picture is asked of its artists.
"""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann.datasets import make_xor
from skann.displays import (
    ActivationsDisplay,
    ErrorHistogramDisplay,
    LossCurveDisplay,
    MistakesDisplay,
    NetworkDisplay,
    TrainingStateDisplay,
    WeightsDisplay,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

DIGITS, NUMBERS = load_digits(return_X_y=True)
XOR, LABELS = make_xor(200, noise=0.2, random_state=0)
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"  # short fits are enough
)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def digits():
    net = BPClassifier(
        30, solver="adam", early_stopping=True, max_iter=30, random_state=0
    )
    return net.fit(DIGITS[:1000], NUMBERS[:1000])


@pytest.fixture(scope="module")
def xor():
    net = BPClassifier((6, 3), activation=["tanh", "relu"], random_state=0)
    return make_pipeline(StandardScaler(), net).fit(XOR, LABELS)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


class TestLossCurve:
    def test_has_the_losses_and_the_best_epoch(self, digits):
        display = LossCurveDisplay.from_estimator(digits)
        curve = display.curves["BPClassifier"]
        assert_array_equal(curve.training, digits.loss_curve_)
        assert_array_equal(curve.validation, digits.validation_loss_curve_)
        assert curve.best_epoch == digits.best_iter_
        drawn = lines(display.ax_)
        assert_array_equal(drawn["training"].get_ydata(), digits.loss_curve_)
        best = drawn[f"best: epoch {digits.best_iter_}"]
        assert best.get_ydata() == [min(digits.validation_loss_curve_)]
        assert display.ax_.get_yscale() == "log"

    def test_the_batches_lie_within_the_epochs(self, digits):
        display = LossCurveDisplay.from_estimator(digits, by="batch", yscale="linear")
        batches = display.ax_.get_lines()[0]
        assert_array_equal(batches.get_ydata(), digits.batch_loss_curve_)
        assert batches.get_xdata()[-1] == digits.n_iter_
        assert display.ax_.get_yscale() == "linear"

    def test_several_in_one_picture(self, digits, xor):
        _, ax = plt.subplots()
        named = {"digits": digits, "xor": xor}
        display = LossCurveDisplay.from_estimator(named, ax=ax)
        assert display.ax_ is ax
        drawn = lines(ax)
        assert {"digits, training", "digits, validation", "xor, training"} <= set(drawn)
        assert "xor, validation" not in drawn
        assert display.curves["xor"].best_epoch is None

    def test_plot_draws_again(self, digits):
        display = LossCurveDisplay.from_estimator(digits)
        first = display.ax_
        assert display.plot() is display
        assert display.ax_ is not first
        assert lines(display.ax_).keys() == lines(first).keys()

    def test_by_what(self, digits):
        with pytest.raises(
            ValueError, match="by must be 'epoch' or 'batch'; got 'row'"
        ):
            LossCurveDisplay.from_estimator(digits, by="row")


class TestTrainingState:
    def test_has_what_was_recorded(self, digits):
        display = TrainingStateDisplay.from_estimator(digits)
        assert_array_equal(display.gradient_norm, digits.history_["gradient_norm"])
        assert_array_equal(display.learning_rate, digits.history_["learning_rate"])
        drawn = [ax.get_lines()[0].get_ydata() for ax in display.axes_]
        assert_array_equal(drawn[0], display.gradient_norm)
        assert_array_equal(drawn[2], display.n_iter_no_change)

    @pytest.mark.parametrize("scoring", ["loss", "accuracy"])
    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_patience_is_over_at_the_end(self, scoring, early_stopping):
        net = BPClassifier(
            5,
            solver="adam",
            learning_rate_init=0.05,
            n_iter_no_change=4,
            scoring=scoring,
            early_stopping=early_stopping,
            random_state=0,
        ).fit(XOR, LABELS)
        assert "did not improve" in net.stop_reason_
        watched = "validation" in net.stop_reason_ or not early_stopping
        counts = TrainingStateDisplay.from_estimator(net).n_iter_no_change
        assert counts[0] == 0
        if watched:
            assert counts[-1] == 4
            assert max(counts[:-1]) < 4

    def test_a_minimiser_has_no_rate(self):
        net = BPClassifier(3, solver="lbfgs", random_state=0).fit(XOR, LABELS)
        display = TrainingStateDisplay.from_estimator(net)
        assert np.isnan(display.learning_rate).all()
        assert display.axes_[1].texts[0].get_text() == "none"


class TestWeights:
    def test_images_of_the_first_layer(self, digits):
        display = WeightsDisplay.from_estimator(digits)
        assert (display.kind, display.image_shape) == ("image", (8, 8))
        assert_array_equal(display.weights, digits.coefs_[0])
        shown = np.asarray(display.ax_.images[0].get_array())
        assert_allclose(shown[:8, :8].ravel(), digits.coefs_[0][:, 0])
        assert_allclose(shown[:8, 9:17].ravel(), digits.coefs_[0][:, 1])

    def test_of_many_units_those_with_the_largest_weights(self, digits):
        display = WeightsDisplay.from_estimator(digits, max_units=4)
        sizes = np.linalg.norm(digits.coefs_[0], axis=0)
        kept = np.linalg.norm(display.weights, axis=0)
        assert_allclose(np.sort(kept), np.sort(sizes)[-4:])

    def test_another_layer_is_a_heat_map(self, digits):
        display = WeightsDisplay.from_estimator(digits, layer=-1)
        assert (display.kind, display.layer) == ("heatmap", 1)
        assert_array_equal(display.ax_.images[0].get_array(), digits.coefs_[1])

    def test_hinton_has_a_square_for_each_weight(self, digits):
        display = WeightsDisplay.from_estimator(digits, layer=1, kind="hinton")
        positive, negative = display.ax_.collections
        weights = digits.coefs_[1]
        assert len(positive.get_paths()) == (weights > 0).sum()
        assert len(negative.get_paths()) == (weights < 0).sum()

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"image_shape": (4, 4)}, r"\(4, 4\) has 16 pixels, but there are 64"),
            ({"layer": 2}, "layer must be from 0 to 1.*got 2"),
            ({"kind": "pie"}, "kind must be one of .*got 'pie'"),
            ({"layer": 1, "kind": "image"}, "30 inputs make no square image"),
        ],
    )
    def test_bad_input(self, digits, given, message):
        with pytest.raises(ValueError, match=message):
            WeightsDisplay.from_estimator(digits, **given)


class TestNetwork:
    def test_names_of_features_and_classes(self):
        pytest.importorskip("pandas")
        iris = load_iris(as_frame=True)
        y = iris.target_names[iris.target]
        net = BPClassifier((20, 5), random_state=0).fit(iris.data, y)
        display = NetworkDisplay.from_estimator(net, max_units=9)
        texts = {text.get_text() for text in display.ax_.texts}
        assert {*iris.feature_names, *iris.target_names} <= texts
        assert {"4\ninputs", "20\nrelu", "5\nrelu", "3\nsoftmax", "⋮"} <= texts
        assert_array_equal(display.shown[1], [0, 1, 2, 3, 16, 17, 18, 19])
        assert [len(units) for units in display.shown] == [4, 8, 5, 3]

    def test_a_line_for_each_weight(self, xor):
        display = NetworkDisplay.from_estimator(xor, feature_names=["a", "b"])
        for weights, lines_ in zip(
            display.weights, display.ax_.collections, strict=False
        ):
            assert len(lines_.get_segments()) == weights.size
        # The largest is the widest, and in the colour of its sign.
        widths = display.ax_.collections[0].get_linewidths()
        assert widths[-1] == max(widths)
        blue = matplotlib.colors.to_rgb("#0072B2")
        colors = display.ax_.collections[0].get_colors()[:, :3]
        n_positive = (display.weights[0] > 0).sum()
        assert np.isclose(colors, blue).all(axis=1).sum() == n_positive

    def test_outputs_of_a_regression(self):
        targets = np.column_stack([XOR[:, 0], XOR[:, 1]])
        net = BPRegressor((), random_state=0).fit(XOR, targets)
        display = NetworkDisplay.from_estimator(net)
        assert display.names == (["x0", "x1"], ["y0", "y1"])

    def test_bad_input(self, xor):
        with pytest.raises(ValueError, match="3 names for 2 features"):
            NetworkDisplay.from_estimator(xor, feature_names=list("abc"))
        with pytest.raises(
            ValueError, match="max_units must be an integer of at least 3"
        ):
            NetworkDisplay.from_estimator(xor, max_units=2)


class TestActivations:
    def test_are_those_of_the_formula(self, xor):
        display = ActivationsDisplay.from_estimator(xor, XOR, grid_resolution=20)
        assert display.activations.shape == (6, 20, 20)
        left, right, bottom, top = display.extent
        net = xor[-1]
        for (row, column), point in {
            (0, 0): (left, bottom),
            (0, 19): (right, bottom),
            (19, 19): (right, top),
        }.items():
            scaled = xor[0].transform([point])
            wanted = np.tanh(scaled @ net.coefs_[0] + net.intercepts_[0])[0]
            assert_allclose(display.activations[:, row, column], wanted, rtol=1e-6)

    def test_are_called_with_targets_as_scikit_learn_s_displays(self, xor):
        with_y = ActivationsDisplay.from_estimator(xor, XOR, LABELS, grid_resolution=9)
        without = ActivationsDisplay.from_estimator(xor, XOR, grid_resolution=9)
        assert_array_equal(with_y.activations, without.activations)

    def test_of_the_second_layer(self, xor):
        display = ActivationsDisplay.from_estimator(xor, XOR, layer=1)
        assert display.activations.shape == (3, 100, 100)
        assert display.activations.min() >= 0  # relu

    def test_only_planes(self, digits):
        with pytest.raises(ValueError, match="X must have two features"):
            ActivationsDisplay.from_estimator(digits, DIGITS)


class TestErrorHistogram:
    def test_counts_are_numpy_s(self):
        X, y = load_diabetes(return_X_y=True)
        net = BPRegressor(10, max_iter=20, random_state=0).fit(X, y)
        display = ErrorHistogramDisplay.from_estimator(net, X, y, bins=15)
        counts, edges = np.histogram(y - net.predict(X), 15)
        assert_array_equal(display.counts, counts)
        assert_array_equal(display.edges, edges)
        assert_array_equal(display.ax_.patches[0].get_data().values, counts)
        again = ErrorHistogramDisplay.from_predictions(y, net.predict(X), bins=15)
        assert_array_equal(again.errors, display.errors)

    def test_lengths_must_agree(self):
        with pytest.raises(ValueError, match="inconsistent"):
            ErrorHistogramDisplay.from_predictions([1, 2], [1])


class TestMistakes:
    def test_the_most_confident_come_first(self, digits):
        X, y = DIGITS[1000:], NUMBERS[1000:]
        display = MistakesDisplay.from_estimator(digits, X, y, max_images=8)
        assert (display.truth != display.predicted).all()
        assert_array_equal(display.predicted, digits.predict(X[display.rows]))
        assert_array_equal(display.images[0].ravel(), X[display.rows[0]])
        assert (np.diff(display.confidence) <= 0).all()
        wrong = digits.predict(X) != y
        assert display.confidence[0] == digits.predict_proba(X)[wrong].max()
        title = display.axes_[0].get_title()
        assert title.endswith(f"truly {display.truth[0]}")

    def test_none(self):
        X = np.eye(4)
        model = LogisticRegression(C=100).fit(X, [0, 1, 2, 3])
        display = MistakesDisplay.from_estimator(model, X, [0, 1, 2, 3])
        assert len(display.images) == 0
        assert display.axes_[0].texts[0].get_text() == "no mistakes"


@pytest.mark.parametrize(
    "kind", [LossCurveDisplay, TrainingStateDisplay, WeightsDisplay, NetworkDisplay]
)
class TestWhatIsTaken:
    def test_pipelines_that_end_in_a_network(self, kind, xor):
        kind.from_estimator(xor).figure_.canvas.draw()

    def test_nothing_else(self, kind):
        with pytest.raises(TypeError, match=r"a fitted BPClassifier.*LogisticRegr"):
            kind.from_estimator(LogisticRegression())

    def test_it_must_be_fitted(self, kind):
        with pytest.raises(ValueError, match="not fitted"):
            kind.from_estimator(BPClassifier())


def test_matplotlib_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"skann.displays needs.*skann\[plot\]"):
        ErrorHistogramDisplay.from_predictions([1.0], [2.0])
