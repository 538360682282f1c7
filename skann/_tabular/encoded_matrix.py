"""The matrix that an encoder makes of its parts, dense or sparse."""

import numpy as np
from scipy.sparse import csr_matrix

from . import recipe
from .piecewise import n_bins_of

# Rows whose parts are in memory at a time, beside the whole.
_CHUNK = 4096


class EncodedMatrix:
    """The matrix, for an encoder that has learnt numbers, levels and texts."""

    @property
    def _is_wide(self):
        """Whether most of the encoded table are the zeros of categories."""
        return recipe.is_wide(self._n_columns, self._n_columns_of_rows)

    @property
    def _n_columns(self):
        return self.n_plain_ + n_bins_of(self._numbers.bin_edges)

    @property
    def _n_columns_of_rows(self):
        """Columns in which a row may have other numbers than zeros of categories."""
        return self._n_columns - self._levels.n_columns + len(self._levels.kept)

    def _encoded(self, numbers, levels, texts, sparse=False):
        """All parts in one matrix; the rows come in chunks, each to its place.

        A sparse one has an entry for each category and all entries of other columns, in
        every row.
        """
        n_columns = self._n_columns_of_rows if sparse else self._n_columns
        out = np.empty((len(numbers), n_columns), self.dtype)
        places = np.empty(out.shape, np.int32) if sparse else None
        for start in range(0, len(out), _CHUNK):
            rows = slice(start, start + _CHUNK)
            parts, bins = self._numbers.transform(numbers[rows], self.dtype)
            if sparse:
                n_before = sum(part.shape[1] for part in parts)
                of_levels, found = self._levels.places(levels[rows])
                places[rows] = self._places(n_before, of_levels)
                parts.append(found)
            else:
                parts += self._levels.transform(levels[rows])
            for text, column in zip(self._text, texts, strict=True):
                parts.append(text.transform(column[rows]))
            parts += bins
            if parts:
                np.concatenate(parts, axis=1, out=out[rows], casting="unsafe")
        if not sparse:
            return out
        ends = np.arange(0, out.size + 1, n_columns)
        about = out.ravel(), places.ravel(), ends
        return csr_matrix(about, shape=(len(out), self._n_columns))

    def _places(self, n_before, of_levels):
        """Columns of the entries of sparse rows: categories come after the numbers."""
        n_rows, n_after = len(of_levels), n_before + self._levels.n_columns
        before = np.broadcast_to(np.arange(n_before), (n_rows, n_before))
        after = np.arange(n_after, self._n_columns)
        after = np.broadcast_to(after, (n_rows, len(after)))
        return np.hstack([before, of_levels + n_before, after])
