"""A table of one's own: text with a header line, and columns chosen from it."""

import csv
import io
import math

import numpy as np

MAX_BYTES = 5_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CLASSES = 50_000, 200, 10
_DELIMITERS = ",;\t"
_MISSING = {"", "na", "nan", "null", "none", "?"}


class Table:
    """Columns of text by name.

    Parameters
    ----------
    name : str
        What the file is called, for the exported code.
    columns : dict of str to list of str
    delimiter : str
    """

    def __init__(self, name, columns, delimiter=","):
        self.name, self.columns, self.delimiter = name, columns, delimiter
        self.numeric = [c for c, values in columns.items() if _all_numbers(values)]
        if len(self.numeric) < 2:
            raise ValueError(
                "A table needs at least two columns of numbers, for the axes; "
                f"{name!r} has {len(self.numeric)}: {self.numeric}."
            )
        if len(columns) < 3:
            raise ValueError(
                "A table needs at least three columns: two for the axes and a target; "
                f"{name!r} has {list(columns)}."
            )

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def guess_target(self):
        """The last column that is not made of numbers, else the last one."""
        words = [name for name in self.columns if name not in self.numeric]
        return (words or list(self.columns))[-1]

    def choice(self):
        """Settings to begin with: axes, target and further inputs, as a guess."""
        target = self.guess_target()
        inputs = [name for name in self.numeric if name != target]
        if len(inputs) < 2:
            inputs = self.numeric[:2]
            target = next(name for name in self.columns if name not in inputs)
        return {
            "data": "table",
            "axis1": inputs[0],
            "axis2": inputs[1],
            "target": target,
            "columns": inputs[2:22],
            "problem": self.problem_of(target),
            "features": ["x1", "x2"],
            "scene": "",
        }

    def problem_of(self, target):
        """Classes, or real values: more than ten different numbers."""
        different = len(set(self.columns[target]) - _MISSING)
        many = different > MAX_CLASSES and target in self.numeric
        return "regression" if many else "classification"

    def arrays(self, inputs, target, problem):
        """Rows without gaps, of numbers, and their targets.

        Parameters
        ----------
        inputs : list of str
        target : str
        problem : {"classification", "regression"}

        Returns
        -------
        X : ndarray of shape (n_samples, n_inputs)
        y : ndarray of shape (n_samples,)
        n_left_out : int
            Rows that had a gap.
        """
        for name in (*inputs, target):
            if name not in self.columns:
                raise ValueError(f"The table has no column {name!r}.")
        for name in (*inputs, *([target] if problem == "regression" else ())):
            if name not in self.numeric:
                raise ValueError(f"The column {name!r} is not made of numbers.")
        used = [self.columns[name] for name in (*inputs, target)]
        rows = [row for row in zip(*used, strict=True) if not any(map(missing, row))]
        if len(rows) < 4:
            raise ValueError(f"{len(rows)} rows without gaps are not enough.")
        X = np.array([[float(cell) for cell in row[:-1]] for row in rows])
        y = [row[-1] for row in rows]
        if problem == "regression":
            return X, np.array([float(cell) for cell in y]), len(self) - len(rows)
        n_classes = len(set(y))
        if not 2 <= n_classes <= MAX_CLASSES:
            raise ValueError(
                f"The column {target!r} has {n_classes} different values; classes "
                f"are from 2 to {MAX_CLASSES}. Choose another target, or regression."
            )
        return X, np.array(y), len(self) - len(rows)


def missing(cell):
    """Whether a cell says that there is nothing in it."""
    return cell.strip().lower() in _MISSING


def read_table(text, name="table.csv"):
    """A table from text with a header line, or an error that says what is wrong."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ValueError(
            f"{name!r} is larger than {MAX_BYTES / 1e6:g} MB, the most that is taken."
        )
    if "\0" in text or "\ufffd" in text:
        raise ValueError(f"{name!r} is not text in UTF-8.")
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"{name!r} is not a CSV file: {error}.") from error
    rows = [row for row in rows if row]
    if len(rows) < 5 or len(rows[0]) < 3:
        raise ValueError(
            f"{name!r} is not a table: a header line, at least three columns and four "
            "rows are needed, with commas, semicolons or tabs between."
        )
    header = [cell.strip() for cell in rows[0]]
    if len(set(header)) < len(header) or not all(header):
        raise ValueError(f"{name!r} has columns without a name, or with the same one.")
    if len(rows) > MAX_ROWS or len(header) > MAX_COLUMNS:
        raise ValueError(
            f"{name!r} is {len(rows)} rows by {len(header)} columns; the most that is "
            f"taken is {MAX_ROWS} by {MAX_COLUMNS}."
        )
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(
                f"{name!r} is not a table: row {number + 1} has {len(row)} cells, the "
                f"header {len(header)}."
            )
    cells = [
        [cell.strip() for cell in column] for column in zip(*rows[1:], strict=True)
    ]
    return Table(name, dict(zip(header, cells, strict=True)), delimiter)


def table_of(X, y):
    """The same for arrays or a frame, as the widget is given them."""
    names = getattr(X, "columns", None)
    X = np.asarray(X)
    if X.ndim != 2 or len(X) != len(y):
        raise ValueError(
            f"X must have rows and columns, and y a value for each row; got shapes "
            f"{X.shape} and {np.shape(y)}."
        )
    names = [f"x{i + 1}" for i in range(X.shape[1])] if names is None else names
    columns = {
        str(name): [_text(value) for value in column]
        for name, column in zip(names, X.T, strict=True)
    }
    target = str(getattr(y, "name", None) or "target")
    columns[target] = [_text(value) for value in np.asarray(y).ravel()]
    return Table("table.csv", columns)


def _text(value):
    return str(value.item() if isinstance(value, np.generic) else value)


def _all_numbers(values):
    try:
        numbers = [float(value) for value in values if not missing(value)]
    except ValueError:
        return False
    return bool(numbers) and all(map(math.isfinite, numbers))
