"""Free text: what is taken for it, and what becomes of it."""

import numpy as np
import pytest
import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import make_pipeline

from skann._tabular.text import Text, is_text

WORDS = ["house", "garden", "garage", "old", "quiet", "street", "near", "lake"]


def sentences(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([" ".join(rng.choice(WORDS, 5)) for _ in range(n)], dtype=object)


def test_sentences_are_text():
    assert is_text(sentences(200))


@pytest.mark.parametrize(
    "column",
    [
        np.array([f"id{i}" for i in range(200)], dtype=object),  # one word each
        np.repeat(sentences(20), 10),  # the same again and again
        sentences(50),  # few enough for a category
        np.full(200, None),
    ],
    ids=["ids", "repeated", "few", "gaps"],
)
def test_names_of_levels_are_none(column):
    assert not is_text(column)


def test_gaps_do_not_hide_text():
    column = sentences(300)
    column[::3] = None
    assert is_text(column)


def test_a_linear_model_finds_the_words():
    texts = sentences(400)
    y = np.array(["lake" in text for text in texts])
    Z = Text().fit(texts).transform(texts)
    assert Z.shape == (400, 30)
    assert np.mean(np.sum(Z**2, axis=1)) == pytest.approx(1)
    weights = np.linalg.lstsq(Z[:300], y[:300] - 0.5, rcond=None)[0]
    assert np.mean((Z[300:] @ weights > 0) == y[300:]) > 0.95


def test_it_is_scikit_learn_s_latent_semantic_analysis():
    texts, later = sentences(120), sentences(40, seed=2)
    steps = make_pipeline(
        HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(3, 4),
            n_features=1 << 14,
            alternate_sign=False,
            norm=None,
        ),
        TfidfTransformer(sublinear_tf=True),
        TruncatedSVD(30, random_state=0),
    )
    scale = np.sqrt(120 / (steps.fit_transform(texts) ** 2).sum())
    expected = steps.transform(later) * scale
    np.testing.assert_allclose(Text().fit(texts).transform(later), expected, rtol=1e-9)


def test_frames_as_scikit_learn_s_output_change_nothing():
    texts = sentences(100)
    expected = Text().fit(texts).transform(texts)
    with sklearn.config_context(transform_output="pandas"):
        found = Text().fit(texts).transform(texts)
    np.testing.assert_array_equal(found, expected)


def test_columns_are_no_more_than_rows():
    texts = sentences(7)
    text = Text().fit(texts)
    assert text.transform(sentences(20, seed=1)).shape == (20, text.n_columns)


def test_no_text_is_the_origin():
    text = Text().fit(sentences(100))
    assert text.transform(np.array([""], dtype=object)).tolist() == [[0] * 30]
