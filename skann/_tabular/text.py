"""Free text of a table: the directions in which its letter sequences vary the most."""

import re

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from .sampling import sampled

# Columns that one column of text becomes at most, and letter sequences that are told
# apart.
_N_COLUMNS, N_SEQUENCES = 30, 1 << 14

# Rows that the directions are learnt from.
_MAX_ROWS = 50_000


class Text:
    """Encode one column of text: latent semantic analysis of its letters.

    Sequences of three and four letters are counted, weighed by how rare they are, and
    brought down to the directions of the largest singular values. Spelling mistakes
    and endings change few sequences. Chinese and Japanese characters tell as much as
    whole syllables: sequences of one and two are counted where they prevail.
    """

    def fit(self, texts):
        """Learn the directions.

        Parameters
        ----------
        texts : ndarray of object of shape (n_samples,)
        """
        texts = sampled(texts, _MAX_ROWS)
        self.lengths = [1, 2] if _mostly_ideographs(texts) else [3, 4]
        counts = self._counts(texts)
        self.idf = TfidfTransformer().fit(counts).idf_
        directions = TruncatedSVD(min(_N_COLUMNS, len(texts)), random_state=0)
        weighed = self._weighed(counts)
        self.components = directions.fit(weighed).components_
        found = weighed @ self.components.T
        # One scale for all, so that what varies little stays small.
        self.scale = float(np.sqrt(len(found) / max((found**2).sum(), 1e-12)))
        return self

    @property
    def n_columns(self):
        """Columns that the text becomes."""
        return len(self.components)

    def transform(self, texts):
        """The directions, of shape (n_samples, n_columns)."""
        return self._weighed(self._counts(texts)) @ self.components.T * self.scale

    def _counts(self, texts):
        """How often each sequence of letters is in each text."""
        return HashingVectorizer(
            analyzer="char_wb",
            ngram_range=tuple(self.lengths),
            n_features=N_SEQUENCES,
            alternate_sign=False,
            norm=None,
        ).transform(texts)

    def _weighed(self, counts):
        """Logarithms of the counts, times how rare each is, in rows of length one."""
        counts.data = (np.log(counts.data) + 1) * self.idf[counts.indices]
        return normalize(counts, copy=False)


# Chinese and Japanese; Thai, Lao, Tibetan, Burmese and Khmer have no spaces either.
_IDEOGRAPH = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_NO_SPACES = re.compile(f"{_IDEOGRAPH.pattern}|[\u0e00-\u109f\u1780-\u17ff]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_RUN = re.compile(r"[^\W_]+")


def _mostly_ideographs(texts):
    texts = "".join(sampled(texts, _MAX_ENTRIES))
    n_letters = len(_LETTER_OR_DIGIT.findall(texts))
    return 2 * len(_IDEOGRAPH.findall(texts)) > n_letters


# Different entries from which on text may be more than names, and entries that words
# are counted in.
_MIN_TEXTS, _MAX_ENTRIES = 64, 1000


def is_text(column):
    """Whether a column of text is more than the names of a category's levels.

    Most of its entries are found once, there are more than a few of them, and they have
    several words, with or without spaces between them.

    Parameters
    ----------
    column : ndarray of object of shape (n_samples,)
        With None for gaps.
    """
    entries = column[np.not_equal(column, None)]
    n_words = [_n_words(entry) for entry in sampled(entries, _MAX_ENTRIES)]
    if not n_words or np.mean(n_words) < 3:
        return False
    n_different = len(set(entries))
    return n_different > _MIN_TEXTS and 2 * n_different > len(entries)


def _n_words(entry):
    """Words, by spaces, by other signs between runs of letters, or by length.

    A run with digits, as in keys, is no word between other signs.
    """
    runs = [run for run in _RUN.findall(entry) if run.isalpha()]
    return max(
        len(entry.split()),
        sum(max(1, len(run) / _LONG_WORD) for run in runs),
        len(_NO_SPACES.findall(entry)) / 2,
    )


# Letters of a long word; a run of more of them is more than one.
_LONG_WORD = 8
