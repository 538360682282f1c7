"""Every epoch as a line of a file."""

import csv
import io
import json
import math
import os
from pathlib import Path

from .._paths import checked_path
from .._typing import PathLike
from ._epochs import EpochCallback


class TrainingLog(EpochCallback):
    """Callback that writes every epoch into a file, to be read while training goes on.

    Lines are appended, each at once and as a whole, so that several fits, and several
    processes of a search, may write into one file.

    Parameters
    ----------
    path : str or path-like
        Ends in ".csv" for comma-separated values under a line of names, or in ".jsonl"
        for one JSON object a line, with null for what there is not. Its folder must
        exist.

    Raises
    ------
    ValueError
        If the path ends in something else; by `fit`, if the file has other columns.
    FileNotFoundError
        If there is no such folder.

    See Also
    --------
    skann.BPClassifier.set_callbacks : How callbacks are set.

    Notes
    -----
    The columns are "run" (the same for all fits of one search), "task" (where in it:
    the numbers of the tasks that lead to the fit, such as "0/0/3/1"; "0" for a fit by
    itself) and those of `history_`.

    Examples
    --------
    >>> from skann.callbacks import TrainingLog
    >>> log = TrainingLog("epochs.csv")  # then: net.set_callbacks(log).fit(X, y)
    >>> log
    TrainingLog('epochs.csv')
    """

    path: Path

    def __init__(self, path: PathLike) -> None:
        self.path = checked_path(path)
        if self.path.suffix not in (".csv", ".jsonl"):
            raise ValueError(f"path must end in .csv or .jsonl; got {str(path)!r}.")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                f"path={str(path)!r}: there is no folder {str(self.path.parent)!r}."
            )

    def __repr__(self) -> str:
        return f"TrainingLog({str(self.path)!r})"

    def _epoch(self, fit, row):
        row = dict(zip(("run", "task"), fit, strict=True)) | row
        if self.path.suffix == ".csv":
            self._check_columns(list(row))
            self._append(_line(row.values()))
            return
        known = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in row.items()
        }
        self._append(json.dumps(known) + "\n")

    def _append(self, line):
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(line)

    def _check_columns(self, names):
        """The file has a line of names, and these."""
        if not self.path.exists():
            # Made beside it and moved: no other process must see it without its line.
            new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            new.write_text(_line(names), encoding="utf-8")
            try:
                os.link(new, self.path)
            except FileExistsError:
                pass  # another process was faster
            finally:
                new.unlink()
        with open(self.path, encoding="utf-8", newline="") as file:
            found = next(csv.reader(file), [])
        if found != names:
            raise ValueError(
                f"{str(self.path)!r} has the columns {found}, and this fit has "
                f"{names}. Give another path."
            )


def _line(values):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()
