"""Free text of a table: the directions in which its letter sequences vary the most."""

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

# Columns that one column of text becomes at most, and letter sequences that are told
# apart.
_N_COLUMNS, N_SEQUENCES = 30, 1 << 14

# Rows that the directions are learnt from.
_MAX_ROWS = 50_000


class Text:
    """Encode one column of text: latent semantic analysis of its letters.

    Sequences of three and four letters are counted, weighed by how rare they are, and
    brought down to the directions of the largest singular values. Spelling mistakes
    and endings change few sequences.
    """

    def fit(self, texts):
        """Learn the directions.

        Parameters
        ----------
        texts : ndarray of object of shape (n_samples,)
        """
        texts = texts[:: max(1, len(texts) // _MAX_ROWS)]
        counts = _counts(texts)
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
        return self._weighed(_counts(texts)) @ self.components.T * self.scale

    def _weighed(self, counts):
        """Logarithms of the counts, times how rare each is, in rows of length one."""
        counts.data = (np.log(counts.data) + 1) * self.idf[counts.indices]
        return normalize(counts, copy=False)


def _counts(texts):
    """How often each sequence of letters is in each text."""
    return HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 4),
        n_features=N_SEQUENCES,
        alternate_sign=False,
        norm=None,
    ).transform(texts)


# Different entries from which on text may be more than names.
_MIN_TEXTS = 64


def is_text(column):
    """Whether a column of text is more than the names of a category's levels.

    Most of its entries are found once, there are more than a few of them, and they have
    several words.

    Parameters
    ----------
    column : ndarray of object of shape (n_samples,)
        With None for gaps.
    """
    entries = [entry for entry in column if entry is not None]
    words = [len(entry.split()) for entry in entries[:1000]]
    if not words or np.mean(words) < 3:
        return False
    n_different = len(set(entries))
    return n_different > _MIN_TEXTS and 2 * n_different > len(entries)
