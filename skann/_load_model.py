"""Model files to estimators."""

from typing import Any

from ._estimators.model_file import load
from ._typing import PathLike

# What may be in a file, and where it is: a program that loads one network does not
# import what encodes tables.
_MODULES = {
    "BPClassifier": "skann._estimators.classifier",
    "BPRegressor": "skann._estimators.regressor",
    "TabularClassifier": "skann._tabular.classifier",
    "TabularRegressor": "skann._tabular.regressor",
}


def load_model(path: PathLike) -> Any:
    """Load an estimator from a file that its ``save_model`` has written.

    Nothing in the file is executed and no more is allocated than it has bytes, whoever
    may have written it. A file of any earlier version is loaded and predicts the same.

    Parameters
    ----------
    path : str or path-like
        Of the file.

    Returns
    -------
    estimator : BPClassifier, BPRegressor, TabularClassifier or TabularRegressor
        Fitted, with the parameters, attributes and state of training that it had.

    Raises
    ------
    TypeError
        If `path` is no path.
    OSError
        If the file can't be opened.
    ValueError
        If it is damaged, no model file, or of a later version's format.

    See Also
    --------
    BPClassifier.save_model : Writes the file.
    BPRegressor.save_model : Writes the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skann import BPRegressor, load_model
    >>> reg = BPRegressor((), solver="lbfgs").fit([[0.0], [1.0]], [0.0, 2.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "model.skann")
    ...     reg.save_model(path)
    ...     load_model(path).predict([[0.5]]).round(3)
    array([1.])
    """
    return load(path, _MODULES)
