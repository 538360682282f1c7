"""Estimators to model files and back, by way of plain data."""

import inspect
import os
from importlib import import_module

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._export import archive
from .._paths import checked_path
from .._typing import PathLike
from .._version import __version__
from .plain_state import (
    OPTIONS,
    SHOWN,
    from_plain,
    option_from_plain,
    option_to_plain,
    to_plain,
)
from .versioned_state import STATE_FORMAT, VersionedState, check_format

# What a fitted network has besides what it shows.
_FITTED = (
    "_network",
    "_theta",
    "_transformer",
    "_progress",
    "_history",
    "_batch_losses",
    "_column_scale",
)


# What older files do not say, and what a network without names of columns lacks.
_NEWER = (
    "engine_",
    "start_losses_",
    "search_",
    "_column_scale",
    "feature_names_in_",
)


class SaveModel(VersionedState):
    """What estimators have that can be saved."""

    def save_model(self, path: PathLike) -> None:
        """Save the fitted estimator to a file without pickle.

        The file is a zip of JSON and .npy. :func:`skann.load_model` reads it, executes
        nothing that is in it, and gives an estimator that predicts the same and, if it
        is one that can, trains on from where this one is; in this version and every
        later one.

        Parameters
        ----------
        path : str or path-like
            Of the file. One that is there is replaced when the new one is whole.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If `path` is no path.
        ValueError
            If a parameter is an object that files can't hold: a function, a splitter,
            a solver or transformer that is not skann's; or is not valid, so that no
            file with it is loaded. Or the estimator is of a class of one's own.

        See Also
        --------
        skann.load_model : Load it.

        Examples
        --------
        >>> import skann, tempfile, pathlib
        >>> clf = skann.BPClassifier(max_iter=2).fit([[0.0], [1.0]], ["no", "yes"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "model.skann")
        ...     clf.save_model(path)
        ...     skann.load_model(path).classes_.tolist()
        ['no', 'yes']
        """
        check_is_fitted(self)
        path = checked_path(path)
        about = {"format": STATE_FORMAT, "skann_version": __version__}
        data = about | self._to_file()
        self._validate_params()  # as loading does
        try:
            archive.write(path, data)
        except TypeError as error:
            raise ValueError(
                f"{type(self).__name__} can't be saved: {error} {_PICKLES}"
            ) from None

    def _to_file(self, where=""):
        """Class, parameters and what is fitted, as a file has them.

        ``where`` leads to the estimator, in the names of parameters that errors give.
        """
        about = self._parameters_to_file(where)
        return {**about, "fitted": self._fitted_to_file(where)}

    def _parameters_to_file(self, where=""):
        """Class and parameters; an error that names one that can't be saved."""
        if type(self).__module__ != "skann":
            raise ValueError(
                f"{type(self).__name__} is no class of skann, which would not find it "
                "when it loads the file. Save with joblib or pickle."
            )
        values = self.get_params(deep=False).items()
        return {
            "estimator": type(self).__name__,
            "parameters": {n: self._parameter_to_file(n, v, where) for n, v in values},
        }

    @classmethod
    def _from_file(cls, data):
        """The estimator again, from what :meth:`_to_file` has made."""
        estimator = cls._unfitted_from_file(data)
        vars(estimator).update(cls._fitted_from_file(data["fitted"]))
        return estimator

    @classmethod
    def _unfitted_from_file(cls, data):
        parameters, known = data["parameters"], inspect.signature(cls).parameters
        unknown = parameters.keys() - known.keys()
        if unknown:
            raise ValueError(f"{cls.__name__} has no parameters {sorted(unknown)}.")
        items = parameters.items()
        estimator = cls(**{n: cls._parameter_from_file(n, p) for n, p in items})
        estimator._validate_params()
        return estimator

    def _parameter_to_file(self, name, value, where):
        default = inspect.signature(type(self)).parameters[name].default
        return _parameter(name, option_to_plain(name, value), where, default)

    @classmethod
    def _parameter_from_file(cls, name, plain):
        return _parameter_from(plain)

    def _fitted_to_file(self, where):
        """The attributes as plain data, in a dict."""
        raise NotImplementedError

    @classmethod
    def _fitted_from_file(cls, fitted):
        """The attributes again; ValueError if the data are not whole."""
        raise NotImplementedError


class SaveNetwork(SaveModel):
    """The same for estimators that are one network."""

    def _to_plain(self):
        return to_plain(self)

    @classmethod
    def _from_plain(cls, state):
        return from_plain(state)

    def _fitted_to_file(self, where):
        fitted = {
            name: value
            for name, value in to_plain(self).items()
            if name in _FITTED or (name.endswith("_") and not name.startswith("_"))
        }
        progress = fitted["_progress"] = dict(fitted["_progress"])
        # The state of an object of a user's own class: the parameter has been set to
        # another object since, with which training would not use that state any more.
        for name in ("optimizer", "schedule", "average"):
            state = progress[name]
            plain = (
                state["rule"] if isinstance(state, dict) and "rule" in state else state
            )
            if not isinstance(plain, dict):
                progress[name] = None
        return fitted

    @classmethod
    def _fitted_from_file(cls, fitted):
        for name in fitted:
            if name not in _FITTED and name not in SHOWN:
                raise ValueError(f"{cls.__name__} has no attribute {name!r}.")
        missing = [n for n in (*_FITTED, *SHOWN) if n not in fitted and n not in _NEWER]
        if missing:
            raise ValueError(f"it lacks {missing}.")
        return from_plain(fitted)


def _parameter(name, value, where, default):
    """Kind and content of a parameter; an error that names one that can't be saved."""
    if isinstance(value, np.random.RandomState):
        return {"kind": "RandomState", "state": value.get_state(legacy=False)}
    if name in OPTIONS and isinstance(value, dict):
        return {"kind": "object", **value}
    if not _is_plain(value):
        raise ValueError(
            f"{where}{name}={value!r} can't be saved: a model file holds numbers, text "
            f"and arrays, and objects of skann's own. {_advice(name, where, default)}"
        )
    return {"kind": "value", "value": value}


_PICKLES = (
    "joblib and pickle keep the model, if functions and classes of your own are in a "
    "module that can be imported."
)


def _advice(name, where, default):
    """What to do about a parameter that can't be saved."""
    if name in ("loss", "activation"):  # which the fitted network goes on using
        return _PICKLES
    call = f"set_params({where}{name}={default!r})"
    if where.endswith("."):  # of a member
        call = f"{where}set_params({name}={default!r})"
    return f"The rest can be after {call}, which is the default; {_PICKLES}"


def _is_plain(value):
    if isinstance(value, dict):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufSU"
    return value is None or isinstance(value, bool | int | float | str | np.generic)


def load(path, modules):
    """The estimator that is in a model file.

    Parameters
    ----------
    path : str or path-like
    modules : dict of str to str
        The estimators that may be in it, and the module of each.

    Raises
    ------
    ValueError
        If the file is damaged, no model file, or of a later version.
    MemoryError
        If there is not the memory for the model.
    OSError
        If the file can't be opened or read.
    """
    path = checked_path(path)
    return from_data(archive.read(path), modules, os.fspath(path))


def from_data(data, modules, name):
    """The estimator that the content of a model file makes.

    Parameters
    ----------
    data : dict
    modules : dict of str to str
        As in :func:`load`.
    name : str
        Of the file.

    Raises
    ------
    ValueError
        If the data are not of such an estimator.
    """
    try:
        kind = data.get("estimator")
        if not isinstance(kind, str) or "format" not in data:
            raise ValueError("it does not say which estimator it is.")
        check_format(data["format"], data.get("skann_version"), kind)
        if kind not in modules:
            raise ValueError(f"its estimator must be of {list(modules)}; got {kind!r}.")
        return getattr(import_module(modules[kind]), kind)._from_file(data)
    except (MemoryError, OSError):
        raise
    # Whatever a part of the file is, it may be of another type than it should be.
    except Exception as error:
        raise ValueError(f"{name!r} can't be loaded: {error}") from error


def _parameter_from(plain):
    if plain["kind"] == "object":
        return option_from_plain(plain).fresh()
    if plain["kind"] == "RandomState":
        return _random_state(plain["state"])
    if plain["kind"] != "value":
        raise ValueError(f"a parameter can't be of kind {plain['kind']!r}.")
    if not _is_plain(plain["value"]):
        raise ValueError(f"a parameter can't be {plain['value']!r}.")
    return plain["value"]


def _random_state(state):
    key, position = state["state"]["key"], state["state"]["pos"]
    # NumPy takes any position, and reads there.
    if key.shape != (624,) or key.dtype != np.uint32 or not 0 <= position <= 624:
        raise ValueError("the state of a RandomState is not whole.")
    random_state = np.random.RandomState(0)
    random_state.set_state(state)
    return random_state
