"""Mistakes that people make: the message names the culprit and the remedy."""

import traceback

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits, load_iris
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skann import BPClassifier, BPRegressor, TabularClassifier
from skann.dask import DaskBPRegressor
from skann.preprocessing import TableEncoder
from skann.schedules import Cosine
from skann.solvers import LBFGS, SGD

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 3))
LABELS, VALUES = (X[:, 0] > 0).astype(int), X[:, 0]
IRIS, DIGITS = load_iris().data, load_digits().data
GAPS, WORDS = X.copy(), X.astype(object)
GAPS[3, 1] = np.nan
WORDS[:, 2] = "red"


def mistake(*parts, estimator=BPClassifier, fit=None, data=X, **parameters):
    return estimator, parameters, fit or {}, data, parts


VALIDATION = ["X_val and y_val", "fit(X, y, X_val=..., y_val=...)"]
MISTAKES = {
    "another library's activation": mistake(
        "'activation'", "Did you mean 'logistic'?", activation="sigmoid"
    ),
    "its capital letters": mistake("Did you mean 'relu'?", activation="ReLU"),
    "its word for another": mistake("Did you mean 'silu'?", activation="swish"),
    "a typing error": mistake("Did you mean 'tanh'?", activation="tahn"),
    "one of several activations": mistake(
        "activation 'sigmoid'",
        "Did you mean 'logistic'?",
        activation=["relu", "sigmoid"],
        hidden_layer_sizes=(4, 3),
    ),
    "too few activations": mistake(
        "one for each of the 2 hidden layers",
        activation=["relu"],
        hidden_layer_sizes=(4, 3),
    ),
    "a solver with a capital letter": mistake(
        "'solver'", "Did you mean 'adam'?", solver="Adam"
    ),
    "a solver in SciPy's words": mistake("Did you mean 'lbfgs'?", solver="L-BFGS-B"),
    "a solver in words": mistake("Did you mean 'sgd'?", solver="gradient descent"),
    "a solver's class": mistake("not the class", "solver=SGD()", solver=SGD),
    "a minimiser's class": mistake("not the class", "solver=LBFGS()", solver=LBFGS),
    "a loss by Keras's name": mistake(
        "'loss'", "Did you mean 'softmax'?", loss="categorical_crossentropy"
    ),
    "a loss of two classes by PyTorch's": mistake(
        "Did you mean 'cross_entropy'?", loss="BCE"
    ),
    "a loss of regressors": mistake("no counterpart to 'mae'", loss="mae"),
    "a loss by scikit-learn's old name": mistake(
        "Did you mean 'squared_error'?",
        estimator=BPRegressor,
        loss="mean_squared_error",
    ),
    "a number for the schedule": mistake(
        "learning_rate_init=0.01", "'learning_rate'", learning_rate=0.01
    ),
    "a schedule by PyTorch's name": mistake(
        "Did you mean 'one_cycle'?", learning_rate="OneCycle"
    ),
    "a schedule's class": mistake(
        "not the class", "learning_rate=Cosine()", learning_rate=Cosine
    ),
    "weights by the author's name": mistake(
        "'weight_init'", "Did you mean 'glorot_uniform'?", weight_init="xavier"
    ),
    "a score in short": mistake(
        "'scoring'", "Did you mean 'accuracy'?", scoring="acc", early_stopping=True
    ),
    "layers as text": mistake("'hidden_layer_sizes'", hidden_layer_sizes="100"),
    "a layer without units": mistake(
        "hidden_layer_sizes must be an integer of at least 1",
        hidden_layer_sizes=(5, 0),
    ),
    "Keras's validation data": mistake(
        "'validation_data'", *VALIDATION, fit={"validation_data": (X, LABELS)}
    ),
    "XGBoost's validation data": mistake(
        "'eval_set'", *VALIDATION, fit={"eval_set": [(X, LABELS)]}
    ),
    "Keras's share of them": mistake(
        "'validation_split'",
        "validation_fraction",
        fit={"validation_split": 0.1},
    ),
    "Keras's epochs": mistake("'epochs'", "max_iter", fit={"epochs": 3}),
    "a parameter in fit": mistake(
        "It is a parameter", "BPClassifier(max_iter=...)", fit={"max_iter": 3}
    ),
    "a typing error in fit": mistake(
        "'sample_wieght'", "Did you mean 'sample_weight'?", fit={"sample_wieght": 1}
    ),
    "missing values": mistake(
        "NaN, in the columns 1.", "SimpleImputer", "TabularClassifier", data=GAPS
    ),
    "text": mistake(
        "text in the columns 2.", "OneHotEncoder", "ColumnTransformer", data=WORDS
    ),
    "text in a regression": mistake(
        "TabularRegressor", estimator=BPRegressor, data=WORDS
    ),
    "validation data with one half": mistake(
        "X_val and y_val must be given together; y_val is None", fit={"X_val": X}
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_culprit_and_remedy_are_named(name):
    kind, parameters, fit, data, parts = MISTAKES[name]
    targets = LABELS if kind is BPClassifier else VALUES
    with pytest.raises((ValueError, TypeError)) as caught:
        kind(**parameters).fit(data, targets, **fit)
    said = str(caught.value)
    for part in parts:
        assert part in said
    assert "._" not in said
    assert "BaseBP" not in said


@pytest.mark.parametrize(
    ("parameters", "method", "hint"),
    [
        ({"learning_rate": "one_cycle"}, "partial_fit", "'constant' and 'adaptive' do"),
        ({"solver": "lbfgs"}, "partial_fit", "such as 'sgd' or 'adam'"),
        ({"average": "swa"}, "partial_fit", "'ema' does not"),
        ({"loss": "perceptron"}, "predict_proba", "use decision_function"),
    ],
)
def test_a_method_that_parameters_rule_out_says_why_in_one_traceback(
    parameters, method, hint
):
    net = BPClassifier(**parameters)
    assert not hasattr(net, method)
    with pytest.raises(AttributeError, match=f"has no attribute '{method}': ") as info:
        getattr(net, method)
    assert hint in str(info.value)
    assert "".join(traceback.format_exception(info.value)).count("Traceback (m") == 1


class TestNamesOfParameters:
    @pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor, DaskBPRegressor])
    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("hidden_layers", "Did you mean 'hidden_layer_sizes'?"),
            ("n_epochs", "Did you mean 'max_iter'?"),
            ("lr", "Did you mean 'learning_rate_init'?"),
            ("early_stoping", "Did you mean 'early_stopping'?"),
            ("device", "computed on the processor"),
            ("callbacks", "set_callbacks(...).fit(X, y)"),
            ("X_val", "It is an argument of fit: fit(X, y, X_val=...)"),
            ("eval_set", "fit(X, y, X_val=...)"),
        ],
    )
    def test_an_unknown_name_is_explained(self, Estimator, name, hint):
        with pytest.raises(TypeError, match=f"{Estimator.__name__}.*'{name}'") as info:
            Estimator(**{name: 3})
        assert hint in str(info.value)

    def test_those_of_networks_are_explained_by_tables(self):
        message = r"estimator=BPClassifier\(max_iter=...\)"
        with pytest.raises(TypeError, match=message):
            TabularClassifier(n_epochs=3)
        with pytest.raises(ValueError, match=message):
            TabularClassifier().set_params(n_epochs=3)
        with pytest.raises(TypeError, match="Did you mean 'n_bins'"):
            TableEncoder(bins=3)

    def test_nothing_is_suggested_where_nothing_is_near(self):
        with pytest.raises(TypeError, match=r"argument 'xyzzy'\.$"):
            BPClassifier(xyzzy=3)

    def test_set_params_explains_and_changes_nothing(self):
        net = BPClassifier()
        with pytest.raises(ValueError, match="Did you mean 'max_iter'"):
            net.set_params(alpha=0.5, epochs=3)
        assert net.alpha == "auto"
        with pytest.raises(ValueError, match="Invalid parameter 'momentun'"):
            BPClassifier(solver=SGD()).set_params(solver__momentun=0.5)


def test_names_are_in_a_fixed_order():
    with pytest.raises(ValueError, match=r"{'elu', 'gelu', 'identity'.*'tanh_opt'}"):
        BPClassifier(activation="nothing like it").fit(X, LABELS)


def test_nothing_is_suggested_where_nothing_is_near():
    with pytest.raises(ValueError, match=r"Got 'nothing like it' instead\.$"):
        BPClassifier(activation="nothing like it").fit(X, LABELS)


class TestTables:
    def test_columns_are_named(self):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(GAPS, columns=["a", "b", "c"])
        with pytest.raises(ValueError, match="NaN, in the columns 'b'"):
            BPClassifier().fit(frame, LABELS)
        frame = frame.assign(color="red", size=pandas.array(["S"] * 30, "string"))
        with pytest.raises(ValueError, match="text in the columns 'color', 'size'"):
            BPClassifier().fit(frame, LABELS)

    def test_in_predict_as_well(self):
        model = BPClassifier(3, max_iter=2).fit(X, LABELS)
        with pytest.raises(ValueError, match="NaN, in the columns 1"):
            model.predict(GAPS)

    def test_of_many_columns_the_first_are_named(self):
        wide = np.full((30, 8), np.nan)
        with pytest.raises(ValueError, match="columns 0, 1, 2, 3, 4 and 3 more"):
            BPClassifier().fit(wide, LABELS)

    def test_numbers_as_text_are_numbers(self):
        BPClassifier(3, max_iter=2).fit(X.astype(str).astype(object), LABELS)

    @pytest.mark.filterwarnings("ignore:X has feature names")
    def test_validation_data_that_a_pipeline_has_not_transformed(self):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"color": ["red", "blue", "red"] * 10, "x": X[:, 0]})
        encoder = make_column_transformer(
            (OneHotEncoder(), ["color"]), remainder="passthrough"
        )
        pipe = make_pipeline(encoder, BPClassifier(max_iter=2))
        message = r"X_val: .*transform_input=\['X_val'\].*enable_metadata_routing"
        with pytest.raises(ValueError, match=message):
            pipe.fit(
                frame,
                LABELS,
                bpclassifier__X_val=frame,
                bpclassifier__y_val=LABELS,
            )


SCALED = StandardScaler().fit_transform(IRIS)
OTHER_UNITS = pytest.mark.parametrize(
    ("data", "other"),
    [
        (SCALED, IRIS),
        (sparse.csr_array(DIGITS / 16), sparse.csr_array(DIGITS)),
        (DIGITS, DIGITS / 16),
        (1e8 * SCALED, IRIS),  # which the default standardises for itself
    ],
    ids=["standardised", "a share of the largest", "the other way", "auto"],
)


class TestValidationDataInOtherUnits:
    @OTHER_UNITS
    def test_transform_input_is_named(self, data, other):
        y = np.arange(data.shape[0]) % 2
        net = BPClassifier(3, max_iter=2)
        with pytest.warns(UserWarning, match=r"units of X: .*transform_input=\['X_val"):
            net.fit(data, y, X_val=other, y_val=y)

    def test_not_where_the_pipeline_has_transformed_them(self):
        y, half = np.arange(150) % 2, slice(None, None, 2)
        net = BPClassifier(3, max_iter=2)
        with config_context(enable_metadata_routing=True):
            steps = [("scale", StandardScaler()), ("net", net)]
            pipe = Pipeline(steps, transform_input=["X_val"])
            pipe.fit(IRIS, y, X_val=IRIS[half], y_val=y[half])

    @pytest.mark.parametrize(
        "change",
        [
            lambda X: X + np.array([50, 0, 0, 0]),  # years that are still to come
            lambda X: X + 2,  # drift of everything
            lambda X: X[:2],  # too few to tell
            lambda X: X * [1, 1, 0, 0],  # of one kind only
        ],
    )
    def test_not_where_there_is_another_reason(self, change):
        y, other = np.arange(150) % 2, change(SCALED)
        BPClassifier(3, max_iter=2).fit(SCALED, y, X_val=other, y_val=y[: len(other)])

    @pytest.mark.parametrize("sparse_rows", [False, True])
    @pytest.mark.parametrize(
        ("transform", "loss"),
        [
            (lambda y: 1000 * y, "squared_error"),
            (lambda y: y / 1000, "huber"),
            (lambda y: (y - y.mean()) / y.std(), "quantile"),
            (np.log, "gaussian"),
            (lambda y: 100 * y, "gamma"),
            (lambda y: np.column_stack([y * 1000, y]), "squared_error"),
        ],
    )
    def test_targets_in_other_units_than_y(self, transform, loss, sparse_rows):
        y = np.exp(8 + SCALED[:, 0])
        rows = sparse.csr_array(SCALED) if sparse_rows else SCALED
        train = y if transform(y).ndim == 1 else np.column_stack([y, y * 1000])
        y_val = transform(y)
        net = BPRegressor(3, loss=loss, max_iter=2)
        with pytest.warns(UserWarning, match="y_val is not in the units of y: medians"):
            net.fit(rows, train, X_val=rows, y_val=y_val)

    @pytest.mark.parametrize(
        ("y", "y_val"),
        [
            (np.arange(150.0), np.arange(150.0) + 150),  # a trend
            (np.arange(150.0), np.arange(150.0, 161.0)),  # its last rows
            (np.random.default_rng(0).standard_cauchy(150), None),
            (np.random.default_rng(0).poisson(0.05, 150), None),
            (np.ones(150), 5 * np.ones(150)),
            (np.arange(150.0), 1000 * np.arange(5)),  # too few to tell
        ],
    )
    def test_not_of_targets_where_there_is_another_reason(self, y, y_val):
        y_val = y[::2] if y_val is None else y_val
        net = BPRegressor(3, loss="absolute_error", max_iter=2)
        net.fit(SCALED, y, X_val=SCALED[: len(y_val)], y_val=y_val)

    def test_not_of_rare_columns(self):
        rare = sparse.random(400, 50, density=0.01, format="csr", random_state=0)
        y = np.arange(400) % 2
        BPClassifier(3, max_iter=2).fit(rare, y, X_val=rare[:20], y_val=y[:20])
