"""What both estimators of tables share: folds, members, vectorizers, bit by bit."""

import joblib
import numpy as np
import pandas as pd
import pytest
from _tables import outputs, polars, table, weighed
from scipy.sparse import csr_matrix
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import get_tags

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann.preprocessing import TableEncoder
from skann.solvers import AdamW

X, VALUES, LABELS = table()
QUICK = {"cv": 3, "random_state": 0}
KINDS = [
    (TabularClassifier, BPClassifier, LABELS),
    (TabularRegressor, BPRegressor, VALUES),
]

both = pytest.mark.parametrize(
    ("kind", "member", "y"), KINDS, ids=["classes", "values"]
)


def out_of_fold(model):
    if isinstance(model, TabularClassifier):
        return model.oof_decision_function_
    return model.oof_prediction_


@both
class TestFit:
    def test_a_table_as_it_is(self, kind, member, y):
        model = kind(random_state=0).fit(X, y)
        assert len(model.estimators_) == 8 * 4
        assert model.estimator_weights_.sum() == pytest.approx(1)
        assert all(isinstance(network, member) for network in model.estimators_)
        assert model.n_features_in_ == 7
        assert model.feature_names_in_.tolist() == list(X)
        assert isinstance(model.vectorizer_, TableEncoder)
        assert model.oof_score_ > 0.8
        new, new_values, new_labels = table(seed=1)
        assert model.score(new, new_labels if y is LABELS else new_values) > 0.8

    def test_what_fit_has_not_seen(self, kind, member, y):
        model = kind(**QUICK).fit(X, y)
        new = X.copy()
        new["street"] = "east"
        new["heating"] = "sun"
        new["size"] = np.nan
        new["sold"] = pd.Timestamp("2050-01-01")
        new["words"] = None
        assert np.isfinite(outputs(model, new)).all()

    def test_it_is_quiet(self, kind, member, y, capsys):
        kind(**QUICK).fit(X, y)
        assert capsys.readouterr().out == ""

    def test_it_says_what_it_did_if_asked(self, kind, member, y, capsys):
        model = kind(**QUICK, verbose=1).fit(X, y)
        said = capsys.readouterr().out
        assert "240 rows" in said
        assert "number: 3, category: 2, date: 1, text: 1" in said
        for i, network in enumerate(model.estimators_):
            best = network.best_iter_
            loss = network.validation_loss_curve_[best - 1]
            epochs = f"{network.n_iter_} epochs, best {best}"
            assert f"network {i + 1}: {epochs} with validation loss " in said
            assert f"{loss:.4f}" in said
        assert f"Score out of fold: {model.oof_score_:.4f}" in said

    def test_members_keep_their_best_epoch(self, kind, member, y):
        for network in kind(**QUICK).fit(X, y).estimators_:
            losses = network.validation_loss_curve_
            assert losses[network.best_iter_ - 1] == min(losses)

    def test_frames_of_polars(self, kind, member, y):
        pl = polars()
        # Categories and gaps as polars has them.
        frame = pl.DataFrame(
            {c: [None if pd.isna(v) else v for v in X[c].tolist()] for c in X}
        )
        model = kind(**QUICK).fit(frame, y)
        assert model.feature_names_in_.tolist() == list(X)
        expected = kind(**QUICK).fit(X, y).predict(X)
        assert (model.predict(frame) == expected).all()

    def test_arrays_of_objects(self, kind, member, y):
        values = X.astype(object).to_numpy()
        model = kind(**QUICK).fit(values, y)
        assert (model.predict(values) == kind(**QUICK).fit(X, y).predict(X)).all()


@both
class TestOutOfFold:
    def test_each_row_is_judged_by_the_member_of_its_fold(self, kind, member, y):
        folds = list(KFold(3, shuffle=True, random_state=0).split(X))
        model = kind(cv=folds, random_state=0).fit(X, y)
        Z = model.vectorizer_.transform(X)
        for i, (_, held_out) in enumerate(folds):
            own = weighed(model, Z, held_out, slice(i, None, 3))
            np.testing.assert_allclose(out_of_fold(model)[held_out], own, rtol=1e-6)

    def test_rows_in_no_fold_have_none(self, kind, member, y):
        model = kind(cv=TimeSeriesSplit(3), random_state=0).fit(X, y)
        known = np.isfinite(out_of_fold(model).reshape(len(X), -1)).all(axis=1)
        assert known.tolist() == [False] * 60 + [True] * 180
        assert np.isfinite(model.oof_score_)

    def test_rows_in_several_folds_have_the_mean(self, kind, member, y):
        folds = [(np.arange(120), np.arange(120, 240))] * 2
        model = kind(cv=folds, random_state=0).fit(X, y)
        Z = model.vectorizer_.transform(X)
        mean = weighed(model, Z, slice(120, None))
        np.testing.assert_allclose(out_of_fold(model)[120:], mean, rtol=1e-6)

    def test_a_row_that_was_trained_on_tells_nothing(self, kind, member, y):
        everything = np.arange(240)
        model = kind(cv=[(everything, everything)], random_state=0).fit(X, y)
        assert np.isnan(out_of_fold(model)).all()
        assert np.isnan(model.oof_score_)

    def test_noise_has_no_good_score(self, kind, member, y):
        with pytest.warns(ConvergenceWarning, match="found nothing in X"):
            model = kind(cv=3).fit(X, np.random.default_rng(0).permutation(y))
        assert model.oof_score_ < 0.5


@both
class TestReproducibility:
    @pytest.mark.parametrize("n_jobs", [2, 3, -1])
    def test_any_number_of_jobs_gives_the_same_bits(self, kind, member, y, n_jobs):
        one = kind(**QUICK).fit(X, y)
        several = kind(**QUICK, n_jobs=n_jobs).fit(X, y)
        assert outputs(one, X).tobytes() == outputs(several, X).tobytes()
        assert out_of_fold(one).tobytes() == out_of_fold(several).tobytes()

    def test_the_seed_decides(self, kind, member, y):
        first, same, other = (
            outputs(kind(cv=2, random_state=seed).fit(X, y), X) for seed in (0, 0, 1)
        )
        assert (first == same).all()
        assert (first != other).any()

    def test_members_differ_in_more_than_their_rows(self, kind, member, y):
        folds = [(np.arange(120), np.arange(120, 240))] * 2
        one, two, *_ = kind(cv=folds, random_state=0).fit(X, y).estimators_
        assert (one.coefs_[0] != two.coefs_[0]).any()

    def test_saved_and_loaded_it_predicts_the_same(self, kind, member, y, tmp_path):
        model = kind(**QUICK).fit(X, y)
        joblib.dump(model, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib")
        assert (outputs(loaded, X) == outputs(model, X)).all()

    def test_a_file_holds_no_row_numbers(self, kind, member, y, tmp_path):
        path, sizes = tmp_path / "model.joblib", []
        for n_rows in (240, 24_000):
            rows = np.resize(np.arange(240), n_rows)
            network = member((2,), max_iter=1, batch_size=n_rows, early_stopping=True)
            model = kind(vectorizer="passthrough", estimator=network, **QUICK)
            model.fit(X[["size"]].to_numpy()[rows], y[rows])
            joblib.dump(model.estimators_, path)
            sizes.append(path.stat().st_size)
        assert sizes[1] < sizes[0] + 1000


@both
class TestEstimator:
    def test_members_have_its_parameters(self, kind, member, y):
        own = member((5,), solver=AdamW(weight_decay=0.5), max_iter=7)
        model = kind(estimator=own, **QUICK).fit(X, y)
        for network in model.estimators_:
            assert network.get_params()["solver__weight_decay"] == 0.5
            assert network.coefs_[0].shape[1] == 5
            assert network.n_iter_ == 7
        assert not hasattr(own, "coefs_")

    def test_without_stopping_the_fold_is_not_looked_at(self, kind, member, y):
        folds = [(np.arange(120), np.arange(120, 240))]
        own = member((5,), solver="adam", max_iter=5, tol=1e-5)
        model = kind(estimator=own, cv=folds, random_state=0).fit(X, y)
        changed = X.copy()
        changed.loc[120:, "garden"] = ~changed.loc[120:, "garden"]
        frozen = TableEncoder(dtype=np.float64).fit(X)
        seeds = {"random_state": model.estimators_[0].random_state}
        alone = member((5,), solver="adam", max_iter=5, tol=1e-5, **seeds)
        weight = np.repeat([1.0, 0.0], 120)
        alone.fit(frozen.transform(changed), y, sample_weight=weight)
        again = member((5,), solver="adam", max_iter=5, tol=1e-5, **seeds)
        again.fit(frozen.transform(X), y, sample_weight=weight)
        assert (alone.coefs_[0] == again.coefs_[0]).all()
        assert np.isfinite(out_of_fold(model)[120:]).all()

    def test_its_share_to_validate_on_would_not_be_used(self, kind, member, y):
        own = member(early_stopping=True, validation_fraction=0.3)
        with pytest.raises(ValueError, match=r"validation_fraction=0\.3.* not be used"):
            kind(estimator=own).fit(X, y)

    def test_another_kind_of_estimator_is_refused(self, kind, member, y):
        (other,) = {BPClassifier, BPRegressor} - {member}
        with pytest.raises(ValueError, match="'estimator' parameter"):
            kind(estimator=other()).fit(X, y)


@both
class TestVectorizer:
    def test_passthrough_takes_numbers(self, kind, member, y):
        Z = TableEncoder().fit_transform(X)
        model = kind(vectorizer="passthrough", **QUICK).fit(Z, y)
        assert model.vectorizer_ == "passthrough"
        assert model.n_features_in_ == Z.shape[1]
        assert model.oof_score_ > 0.8

    def test_passthrough_takes_sparse_matrices(self, kind, member, y):
        Z = TableEncoder(n_bins=0).fit_transform(X)
        dense = kind(vectorizer="passthrough", **QUICK).fit(Z, y)
        sparse = kind(vectorizer="passthrough", **QUICK).fit(csr_matrix(Z), y)
        np.testing.assert_allclose(
            outputs(sparse, csr_matrix(Z)), outputs(dense, Z), rtol=1e-2, atol=1e-2
        )

    def test_any_transformer(self, kind, member, y):
        vectorizer = make_column_transformer(
            (StandardScaler(), ["size"]), (OneHotEncoder(), ["street"])
        )
        model = kind(vectorizer=vectorizer, **QUICK).fit(X, y)
        assert model.estimators_[0].n_features_in_ == 4
        assert not hasattr(vectorizer, "transformers_")
        assert model.feature_names_in_.tolist() == list(X)

    def test_frames_that_a_transformer_makes(self, kind, member, y):
        own = make_column_transformer((StandardScaler(), ["size"]))
        model = kind(vectorizer=own.set_output(transform="pandas"), **QUICK).fit(X, y)
        assert len(model.predict(X)) == 240

    def test_sparse_text(self, kind, member, y):
        own = make_pipeline(TfidfVectorizer())
        model = kind(vectorizer=own, **QUICK).fit(X["words"], y)
        assert len(model.predict(X["words"])) == 240

    def test_gaps_that_a_transformer_leaves_are_named(self, kind, member, y):
        own = make_column_transformer((StandardScaler(), ["rooms"]))
        with pytest.raises(ValueError, match=r"that ColumnTransformer has .* NaN"):
            kind(vectorizer=own, **QUICK).fit(X, y)

    def test_tags_are_the_vectorizer_s(self, kind, member, y):
        assert not get_tags(kind(vectorizer=StandardScaler())).input_tags.string
        assert get_tags(kind(vectorizer=StandardScaler())).input_tags.allow_nan

    def test_a_table_that_tells_nothing(self, kind, member, y):
        model = kind(**QUICK).fit(np.ones((240, 2)), y)
        found = outputs(model, np.ones((240, 2)))
        assert np.ptp(found, axis=0) == pytest.approx(0)


@both
class TestFolds:
    def test_groups_stay_whole(self, kind, member, y):
        groups = np.arange(240) % 5
        default = kind(random_state=0).fit(X, y, groups=groups)
        assert len(default.estimators_) == 5 * 4
        by_splitter = kind(cv=GroupKFold(5), random_state=0).fit(X, y, groups=groups)
        assert len(by_splitter.estimators_) == 5 * 4

    def test_rows_of_weight_zero_play_no_part(self, kind, member, y):
        weight = np.ones(240)
        weight[200:] = 0
        changed = X.copy()
        changed.loc[200:, "size"] = 1e9
        first = kind(**QUICK).fit(X, y, sample_weight=weight)
        second = kind(**QUICK).fit(changed, y, sample_weight=weight)
        assert (outputs(first, X) == outputs(second, X)).all()
        assert first.oof_score_ == second.oof_score_
        assert np.isnan(out_of_fold(first)[200:]).all()

    @pytest.mark.parametrize("cv", [1, 0, -3, "five", 2.5])
    def test_bad_folds_are_named(self, kind, member, y, cv):
        with pytest.raises(ValueError, match="'cv' parameter"):
            kind(cv=cv).fit(X, y)


@both
class TestBadInput:
    def test_an_error_leaves_the_model_as_it_was(self, kind, member, y):
        model = kind(**QUICK).fit(X, y)
        before, state = outputs(model, X), set(vars(model))
        with pytest.raises(ValueError, match="infinity"):
            model.fit(pd.DataFrame({"other": [np.inf] * 240}), y)
        assert set(vars(model)) == state
        assert (outputs(model, X) == before).all()

    def test_before_fit(self, kind, member, y):
        with pytest.raises(NotFittedError):
            kind().predict(X)

    def test_no_targets(self, kind, member, y):
        with pytest.raises(ValueError, match="requires y to be passed"):
            kind().fit(X, None)

    def test_other_lengths(self, kind, member, y):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            kind().fit(X, y[:-1])
        with pytest.raises(ValueError, match="sample_weight must have shape"):
            kind().fit(X, y, sample_weight=np.ones(7))
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            kind().fit(X, y, groups=np.ones(7))

    @pytest.mark.parametrize("name", ["size", "sold"])
    def test_text_where_there_was_none(self, kind, member, y, name):
        model = kind(cv=2).fit(X, y)
        with pytest.raises(ValueError, match=f"column '{name}' of X held"):
            model.predict(X.assign(**{name: "much"}))

    def test_columns_that_are_missing(self, kind, member, y):
        model = kind(cv=2).fit(X, y)
        with pytest.raises(ValueError, match=r"(?s)yet now missing:\n- garden"):
            model.predict(X.drop(columns="garden"))

    def test_one_row(self, kind, member, y):
        with pytest.raises(ValueError, match="n_samples = 1"):
            kind().fit(X[:1], y[:1])

    def test_two_rows_are_enough(self, kind, member, y):
        assert len(kind().fit(X[:2], y[:2]).estimators_) == 2 * 4
