"""What ``verbose`` says while training goes on: a table, or a bar that moves.

Both are told of every epoch and of the end by the monitor and show the same figures.
"""

import math
import time

from .._optional import imported

# Heading and width of each column after the epoch's.
_COLUMNS = (
    ("loss", 11),
    ("val. loss", 11),
    ("val. score", 11),
    ("rate", 10),
    ("seconds", 8),
    ("left", 8),
)


def make_report(verbose, *, n_before, max_iter, partial):
    """What the parameter ``verbose`` asks for.

    Parameters
    ----------
    verbose : bool, int or "progress"
    n_before : int
        Epochs in the model's life before this run.
    max_iter : int
        Epochs at most.
    partial : bool
        Whether this is one of many short runs, whose number nobody knows.

    Returns
    -------
    report : Table, Bar or None

    Raises
    ------
    ImportError
        If "progress" is asked for and rich is not installed.
    """
    if not verbose:
        return None
    total = None if partial else n_before + max_iter
    if verbose == "progress":
        return Bar(n_before, total)
    return Table(int(verbose), n_before, total)


def figures(row, left):
    """The figures of an epoch as text, "" for what there is not.

    Parameters
    ----------
    row : dict of str to float
        The epoch's entry of the history.
    left : float
        Seconds that the rest will take at most.
    """
    return (
        f"{row['loss']:.6g}",
        _number(row["validation_loss"], ".6g"),
        _number(row["validation_score"], ".5g"),
        _number(row["learning_rate"], ".3g"),
        f"{row['seconds']:.1f}",
        _duration(left),
    )


def _number(value, form):
    return "" if math.isnan(value) else format(value, form)


def _duration(seconds):
    if math.isnan(seconds):
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


class _Report:
    """How far a run is.

    Parameters
    ----------
    n_before : int
    total : int or None
        The last epoch that there may be.
    """

    def __init__(self, n_before, total):
        self._n_before, self._total = n_before, total
        self._began = time.perf_counter()
        self._lowest, self._best_epoch = math.inf, None

    def _left(self, row):
        if self._total is None:
            return math.nan
        passed = time.perf_counter() - self._began
        done = row["epoch"] - self._n_before
        return passed / done * (self._total - row["epoch"])

    def _is_best(self, row, value):
        """Whether the epoch is the best so far on validation data."""
        if not value < self._lowest:  # NaN without validation data
            return False
        self._lowest, self._best_epoch = value, row["epoch"]
        return True

    def _last_words(self, reason):
        if self._best_epoch is None:
            return f"Stopped: {reason}."
        return f"Stopped: {reason}. Best epoch: {self._best_epoch}."


class Table(_Report):
    """Prints a line an epoch, or for every so-manieth."""

    def __init__(self, every, n_before, total):
        super().__init__(n_before, total)
        self._every, self._unprinted = every, None
        # Of passes that follow each other, the first says what the columns are.
        self._needs_head = total is not None or n_before == 0
        self._wide = len(str(total)) if total else 6

    def epoch(self, row, value):
        """Take an epoch, and what is lowest at the best one."""
        line = self._line(row, self._is_best(row, value))
        n_done = row["epoch"] - self._n_before
        if self._needs_head:
            self._print_head()
        if n_done == 1 or n_done % self._every == 0:
            print(line)
            self._unprinted = None
        else:
            self._unprinted = line

    def say(self, what):
        """Something happened between two epochs."""
        print(what)

    def close(self):
        """No epoch will follow, after an error too."""
        if self._unprinted:
            print(self._unprinted)

    def end(self, reason):
        """The run has ended well; None where it may go on."""
        if reason is not None:
            print(self._last_words(reason))

    def _print_head(self):
        self._needs_head = False
        names = (f"{name:>{width}}" for name, width in _COLUMNS)
        print("epoch".rjust(self._width) + "".join(names))

    @property
    def _width(self):
        return max(5, self._wide if self._total is None else 2 * self._wide + 4)

    def _line(self, row, is_best):
        number = str(row["epoch"])
        if self._total is not None:
            number = f"{number:>{self._wide}} of {self._total}"
        cells = (
            f"{text:>{width}}"
            for text, (_, width) in zip(
                figures(row, self._left(row)), _COLUMNS, strict=True
            )
        )
        return number.rjust(self._width) + "".join(cells) + (" *" if is_best else "")


class Bar(_Report):
    """A bar that moves in a terminal or a notebook, by rich."""

    def __init__(self, n_before, total):
        instead = " verbose=True prints a table without it."
        rich = imported("rich.progress", "verbose='progress'", "progress", instead)
        from rich.table import Column

        super().__init__(n_before, total)
        self._progress = rich.Progress(
            rich.TextColumn("epoch {task.fields[epoch]}"),
            rich.BarColumn(20),
            # In a narrow terminal these take a second line.
            rich.TextColumn(
                "{task.fields[figures]}", table_column=Column(no_wrap=False)
            ),
        )
        of = None if total is None else total - n_before
        self._task = self._progress.add_task("", total=of, epoch="", figures="")
        self._progress.start()

    def epoch(self, row, value):
        """Take an epoch, and what is lowest at the best one."""
        self._is_best(row, value)
        texts = figures(row, self._left(row))
        shown = "  ".join(
            f"{name} {text}"
            for (name, _), text in zip(_COLUMNS, texts, strict=True)
            if text
        )
        if self._best_epoch is not None:
            shown += f"  best {self._best_epoch}"
        of = "" if self._total is None else f" of {self._total}"
        number = f"{row['epoch']}{of}"
        self._progress.update(self._task, advance=1, epoch=number, figures=shown)

    def say(self, what):
        """Something happened between two epochs."""
        self._progress.console.print(what)

    def close(self):
        """No epoch will follow, after an error too."""
        self._progress.stop()

    def end(self, reason):
        """The run has ended well; None where it may go on."""
        if reason is not None:
            self._progress.console.print(self._last_words(reason), highlight=False)
