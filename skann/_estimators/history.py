"""``history_``: a dict of lists that a notebook shows as a table."""

import math
from typing import Any

from .html_table import html_table

# Rows of a table; of a longer record the first and the last ones are shown.
_MAX_ROWS = 20


class History(dict[str, list[Any]]):
    """The record of training, a list for each column with one entry an epoch.

    A dict like any other; in a notebook it shows as a table. Columns that are NaN
    throughout are left out there, and the middle of a long record.
    """

    def _repr_html_(self):
        columns = {
            name: column
            for name, column in self.items()
            if not all(map(math.isnan, column))
        }
        rows = list(zip(*columns.values(), strict=True))
        n_epochs = len(rows)
        rows = [[_text(value) for value in row] for row in rows]
        if n_epochs > _MAX_ROWS:
            half = _MAX_ROWS // 2
            rows = [*rows[:half], ["⋮"] * len(columns), *rows[-half:]]
        unit = "epoch" if n_epochs == 1 else "epochs"
        return html_table(f"{n_epochs} {unit}", list(columns), rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # files need not know of notebooks


def _text(value):
    if math.isnan(value):
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.6g}"
