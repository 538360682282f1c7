"""Free text: what is taken for it, and what becomes of it."""

import uuid

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


def test_is_text_looks_at_a_random_sample_of_all_entries():
    one_word = np.array([f"id{i}" for i in range(1000)], dtype=object)
    assert is_text(np.concatenate([one_word, sentences(4000)]))
    alternating = np.repeat(sentences(4000), 2)
    alternating[::2] = [f"id{i}" for i in range(4000)]
    assert is_text(alternating)


@pytest.mark.parametrize(
    ("words", "between"),
    [
        (["房子", "花园", "车库", "旧", "安静", "街道", "附近", "湖边"], ""),
        (["いえ", "庭", "車庫", "古い", "静か", "通り", "近い", "湖"], ""),
        (["บ้าน", "สวน", "เก่า", "เงียบ", "ถนน", "ใกล้"], ""),
        (WORDS, "_"),
        (WORDS, "/"),
        (WORDS, ""),
    ],
)
def test_text_without_spaces_is_text_of_which_a_linear_model_finds_the_words(
    words, between
):
    rng = np.random.default_rng(0)
    rows = [rng.choice(words, 6) for _ in range(600)]
    texts = np.array([between.join(row) for row in rows], dtype=object)
    assert is_text(texts)
    y = np.array([words[-1] in row for row in rows])
    Z = Text().fit(texts[:400]).transform(texts)
    weights = np.linalg.lstsq(Z[:400], y[:400] - 0.5, rcond=None)[0]
    assert np.mean((Z[400:] @ weights > 0) == y[400:]) > 0.9


@pytest.mark.parametrize(
    "column",
    [
        np.array([f"id{i}" for i in range(200)], dtype=object),  # one word each
        np.array([str(uuid.UUID(int=i * 3**70)) for i in range(200)], dtype=object),
        np.array([f"王{chr(0x4E00 + i)}" for i in range(200)], dtype=object),  # names
        np.repeat(sentences(20), 10),  # the same again and again
        sentences(50),  # few enough for a category
        np.full(200, None),
    ],
    ids=["ids", "keys", "short names", "repeated", "few", "gaps"],
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
