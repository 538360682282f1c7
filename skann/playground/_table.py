"""A table of one's own: text with a header line, and columns chosen from it."""

import csv
import io
import re

import numpy as np

from ._checks import plain, shown

MAX_BYTES = 5_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CLASSES = 50_000, 200, 10
MAX_NAME = 255  # characters, of a column or a file
MAX_NUMBER = 1e30  # whose square, summed over all rows, is far from overflow
MAX_GUESSED = 20  # inputs of the network that are chosen at first
_DELIMITERS = ",;\t"
_MISSING = {"", "na", "nan", "null", "none", "?"}
# Numbers with a decimal comma, and points between groups of three digits.
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*)(,\d*)?([eE][+-]?\d+)?")


class Table:
    """Columns of text by name.

    Parameters
    ----------
    name : str
        What the file is called, for the exported code.
    columns : dict of str to list of str
    delimiter : str

    Attributes
    ----------
    decimal : {".", ","}
        How numbers are written.
    numeric : list of str
        Columns of numbers.
    levels : dict of str to list of str
        Columns of text with few different values, and those values.
    """

    def __init__(self, name, columns, delimiter=","):
        self.name, self.columns, self.delimiter = name, columns, delimiter
        _check_header(name, list(columns), len(next(iter(columns.values()), ())))
        self.decimal = "," if delimiter != "," and _has_commas(columns) else "."
        self.numeric = [c for c in columns if not self._odd_cell(c)]
        self.levels = {}
        for column in [c for c in columns if c not in self.numeric]:
            values = sorted({cell for cell in columns[column] if not missing(cell)})
            is_short = max(map(len, values), default=0) <= MAX_NAME
            is_text = not self._is_number(*self._odd_cell(column))
            if is_text and is_short and 2 <= len(values) <= MAX_CLASSES:
                self.levels[column] = values
        if len(self.numeric) < 2:
            raise ValueError(
                "A table needs at least two columns of numbers, for the axes; "
                f"{name!r} has {len(self.numeric)}: {self.numeric}. {self._why_none()}"
            )

    def __len__(self):
        return len(next(iter(self.columns.values())))

    @property
    def inputs(self):
        """Columns that can be inputs, in the table's order."""
        return [c for c in self.columns if c in self.numeric or c in self.levels]

    def number(self, cell):
        """The number that a cell has, or a ValueError."""
        return _number(cell, self.decimal)

    def _odd_cell(self, column):
        """A list with the first cell for which a column is none of numbers."""
        present = False
        for cell in self.columns[column]:
            if missing(cell):
                continue
            if not self._is_number(cell) or not abs(self.number(cell)) <= MAX_NUMBER:
                return [cell]
            present = True
        return [] if present else [""]

    def _is_number(self, cell):
        try:
            self.number(cell)
        except ValueError:
            return False
        return True

    def _why_not(self, column):
        """A sentence that says why a column is none of numbers; empty if it is one."""
        if column in self.numeric:
            return ""
        return (
            f"The column {shown(column)} is not made of numbers up to "
            f"{MAX_NUMBER:g}: it has {shown(*self._odd_cell(column))}."
        )

    def _why_none(self):
        """Why some of the columns are not made of numbers, in a few sentences."""
        odd = [name for name in self.columns if name not in self.numeric]
        return " ".join(map(self._why_not, odd[:3]))

    @property
    def unused(self):
        """Columns that can be neither input nor axis, each with a sentence why."""
        return {c: self._why_not(c) for c in self.columns if c not in self.inputs}

    def guess_target(self):
        """The last column that can be a target."""
        return self.inputs[-1]

    def choice(self):
        """Settings to begin with: axes, target and further inputs, as a guess."""
        target = self.guess_target()
        axes = [name for name in self.numeric if name != target][:2]
        if len(axes) < 2:  # the target is one of two columns of numbers
            axes = self.numeric[:2]
            *_, target = [None, *(c for c in self.inputs if c not in axes)]
        if target is None:
            raise ValueError(
                "A table needs a third column for the target, of numbers or with from "
                f"2 to {MAX_CLASSES} different values. {self._why_none()}"
            )
        return {
            "data": "table",
            "axis1": axes[0],
            "axis2": axes[1],
            "target": target,
            "columns": self._first_inputs({*axes, target}),
            "problem": self.problem_of(target),
            "features": ["x1", "x2"],
            "scene": "",
        }

    def _first_inputs(self, taken):
        found, n_inputs = [], 2
        for name in self.inputs:
            n_inputs += len(self.levels.get(name, [name])) * (name not in taken)
            if name not in taken and n_inputs <= MAX_GUESSED:
                found.append(name)
        return found

    def problem_of(self, target):
        """Classes, or real values: more than ten different numbers."""
        different = {cell for cell in self.columns[target] if not missing(cell)}
        many = len(different) > MAX_CLASSES and target in self.numeric
        return "regression" if many else "classification"

    def arrays(self, inputs, target, problem):
        """Rows without gaps and their targets.

        Parameters
        ----------
        inputs : list of str
        target : str
        problem : {"classification", "regression"}

        Returns
        -------
        X : ndarray of shape (n_samples, n_columns)
            Numbers; a column of text is a column of 0 and 1 for each of its values.
        y : ndarray of shape (n_samples,)
        n_left_out : int
            Rows that had a gap.
        """
        for name in (*inputs, target):
            if name not in self.columns:
                raise ValueError(f"The table has no column {shown(name)}.")
        for name in (*inputs[:2], *([target] if problem == "regression" else ())):
            if name not in self.numeric:
                raise ValueError(self._why_not(name))
        for name in inputs[2:]:
            if name not in self.inputs:
                raise ValueError(
                    f"{self._why_not(name)} As an input, a column of text may have "
                    f"from 2 to {MAX_CLASSES} different values."
                )
        used = [self.columns[name] for name in (*inputs, target)]
        rows = [row for row in zip(*used, strict=True) if not any(map(missing, row))]
        if len(rows) < 4:
            raise ValueError(f"{len(rows)} rows without gaps are not enough.")
        *cells, y = zip(*rows, strict=True)
        pairs = zip(inputs, cells, strict=True)
        X = np.column_stack([each for pair in pairs for each in self._numbers(*pair)])
        if problem == "regression":
            return X, np.array([self.number(c) for c in y]), len(self) - len(rows)
        n_classes = len(set(y))
        if not 2 <= n_classes <= MAX_CLASSES:
            raise ValueError(
                f"The column {shown(target)} has {n_classes} different values; classes "
                f"are from 2 to {MAX_CLASSES}. Choose another target, or regression."
            )
        return X, np.array(y), len(self) - len(rows)

    def _numbers(self, name, cells):
        """The columns of numbers that a column's cells become."""
        if name not in self.levels:
            return [[self.number(cell) for cell in cells]]
        return [[float(cell == level) for cell in cells] for level in self.levels[name]]

    def names_of(self, name):
        """What the network's inputs from a column are called."""
        levels = self.levels.get(name)
        return [name] if levels is None else [f"{name}={level}" for level in levels]


def missing(cell):
    """Whether a cell says that there is nothing in it."""
    return cell.strip().lower() in _MISSING


def _number(cell, decimal):
    if decimal == ",":
        if not _COMMA.fullmatch(cell):
            raise ValueError(f"{cell!r} is not a number with a decimal comma.")
        cell = cell.replace(".", "").replace(",", ".")
    return float(cell)


def _has_commas(columns):
    """Whether a column is made of numbers with decimal commas, and none with points."""

    def is_read(cells, decimal):
        try:
            for cell in cells:
                _number(cell, decimal)
        except ValueError:
            return False
        return bool(cells)

    found = False
    for values in columns.values():
        cells = [cell for cell in values if not missing(cell)]
        by_comma, by_point = is_read(cells, ","), is_read(cells, ".")
        if by_point and not by_comma:
            return False
        found |= by_comma and not by_point
    return found


def _check_header(table, names, n_rows):
    """Refuse names that can't be told apart, and tables that are too large."""
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"{table!r} has columns without a name, or with the same one.")
    for name in names:
        plain("The name of a column", name)
        if len(name) > MAX_NAME:
            raise ValueError(
                f"{table!r} has a column whose name is longer than {MAX_NAME} "
                f"characters: {shown(name)}."
            )
    if len(names) < 3:
        raise ValueError(
            "A table needs at least three columns: two for the axes and a target; "
            f"{table!r} has {names}."
        )
    if n_rows > MAX_ROWS or len(names) > MAX_COLUMNS:
        raise ValueError(
            f"{table!r} is {n_rows} rows by {len(names)} columns; the most that is "
            f"taken is {MAX_ROWS} by {MAX_COLUMNS}."
        )


def read_table(text, name="table.csv"):
    """A table from text with a header line, or an error that says what is wrong."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ValueError(
            f"{name!r} is larger than {MAX_BYTES / 1e6:g} MB, the most that is taken."
        )
    if "\0" in text or "\ufffd" in text:
        raise ValueError(
            f"{name!r} is not text in UTF-8. A spreadsheet saves that as 'CSV UTF-8'."
        )
    text = text.lstrip("\ufeff")
    delimiter = _delimiter(text)
    try:
        rows = list(filter(None, csv.reader(io.StringIO(text), delimiter=delimiter)))
    except csv.Error as error:
        raise ValueError(f"{name!r} is not a CSV file: {error}.") from error
    if len(rows) < 5 or len(rows[0]) < 3:
        raise ValueError(
            f"{name!r} is not a table: a header line, at least three columns and four "
            "rows are needed, with commas, semicolons or tabs between."
        )
    header = [cell.strip() for cell in rows[0]]
    _check_header(name, header, len(rows) - 1)
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


def _delimiter(text):
    """What stands between the cells: of what gives rows of one length, the longest."""
    first = text[: text.find("\n", 20_000) + 1 or None]

    def length(delimiter):
        try:
            rows = filter(None, csv.reader(io.StringIO(first), delimiter=delimiter))
            lengths = {len(row) for row in rows}
        except csv.Error:
            return 0
        return max(lengths) if len(lengths) == 1 and lengths != {1} else 0

    header = first.partition("\n")[0]
    return max(_DELIMITERS, key=lambda each: (length(each), header.count(each)))


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
    names = [str(name) for name in names]
    target = str(getattr(y, "name", None) or "target")
    if len({*names, target}) < len(names) + 1:
        raise ValueError(
            f"The columns of X and y must have names of their own; got "
            f"{shown([*names, target])}."
        )
    columns = {
        name: [_text(value) for value in column]
        for name, column in zip(names, X.T, strict=True)
    }
    columns[target] = [_text(value) for value in np.asarray(y).ravel()]
    return Table("table.csv", columns)


def _text(value):
    return str(value.item() if isinstance(value, np.generic) else value)
