"""Estimators of tables as plain data, and back: for pickles and model files.

Networks and encoder are inside, as plain data of their own. What is not of this package
stays what it is in a pickle, and is refused by a model file.
"""

from copy import copy

import numpy as np

from .._estimators.model_file import SaveModel
from .._estimators.plain_state import are_names
from .._typing import PathLike
from .encoder import TableEncoder
from .piecewise import PiecewiseLinearEncoder
from .plain_checks import DTYPES

# Names are part of the format of files.
_ENCODERS = {kind.__name__: kind for kind in (TableEncoder, PiecewiseLinearEncoder)}

# What both estimators have when they are fitted.
_FITTED = (
    "estimators_",
    "estimator_weights_",
    "vectorizer_",
    "oof_score_",
    "n_features_in_",
    "_dtype",
)
# What an encoder has besides its parameters; it need not have all.
_OF_ENCODERS = (
    "kinds_",
    "bin_edges_",
    "n_features_in_",
    "feature_names_in_",
    "n_plain_",
    "_forms",
    "_date_parts",
    "_numbers",
    "_levels",
    "_targets",
    "_text",
)
_OUTPUTS = ("default", "pandas", "polars")


class SaveTables(SaveModel):
    """What estimators of tables have for pickles and model files.

    They say by ``_Network`` of what class their networks are, by ``_own_fitted`` which
    attributes they have besides those of both, by ``_out_of_fold`` which attribute has
    a row for each row of `fit`, and by ``_output_shape()`` the shape of what a network
    makes of a row, or None for any.
    """

    def save_model(self, path: PathLike, *, out_of_fold: bool = False) -> None:
        """Save the fitted estimator to a file without pickle.

        The file is a zip of JSON and .npy. :func:`skann.load_model` reads it, executes
        nothing that is in it, and gives an estimator that predicts the same; in this
        version and every later one.

        Parameters
        ----------
        path : str or path-like
            Of the file. One that is there is replaced when the new one is whole.
        out_of_fold : bool, default=False
            Whether to save the out-of-fold predictions, a row for each row of `fit`,
            which prediction has no use for. `oof_score_` is always saved.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If `path` is no path.
        ValueError
            If a parameter is an object that files can't hold: a function, a splitter,
            a vectorizer that is not skann's. Or the estimator is of a class of one's
            own.

        See Also
        --------
        skann.load_model : Load it.

        Examples
        --------
        >>> import skann, tempfile, pathlib
        >>> X, y = [[float(i)] for i in range(40)], range(40)
        >>> reg = skann.TabularRegressor(cv=2, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "model.skann")
        ...     reg.save_model(path)
        ...     bool((skann.load_model(path).predict(X) == reg.predict(X)).all())
        True
        """
        model = copy(self)
        if not out_of_fold:
            vars(model).pop(self._out_of_fold, None)
        super(SaveTables, model).save_model(path)

    def _to_plain(self):
        state = dict(vars(self))
        state["vectorizer"] = _encoder_to_plain(state["vectorizer"])
        state["estimator"] = self._network_to_plain(state["estimator"])
        if "estimators_" in state:
            networks = state["estimators_"]
            state["estimators_"] = [self._network_to_plain(n) for n in networks]
            state["vectorizer_"] = _encoder_to_plain(state["vectorizer_"])
            state["_dtype"] = state["_dtype"].name
        return state

    @classmethod
    def _from_plain(cls, state):
        state = dict(state)
        state["vectorizer"] = _encoder_from_plain(state.get("vectorizer"))
        state["estimator"] = cls._network_from_plain(state.get("estimator"))
        if "estimators_" in state:
            networks = state["estimators_"]
            state["estimators_"] = [cls._network_from_plain(n) for n in networks]
            state["vectorizer_"] = _encoder_from_plain(state.get("vectorizer_"))
            state["_dtype"] = _dtype(state.get("_dtype"))
            cls._check_whole(state)
        return state

    def _network_to_plain(self, network):
        if type(network) is not self._Network:
            return network  # None, or of a class of one's own
        return {"class": type(network).__name__, "state": network._to_plain()}

    @classmethod
    def _network_from_plain(cls, plain):
        if not isinstance(plain, dict):
            return plain
        network = cls._Network()
        vars(network).update(cls._Network._from_plain(plain["state"]))
        return network

    def _parameter_to_file(self, name, value, where):
        if name == "estimator" and value is not None:
            return {"kind": name, **value._parameters_to_file("estimator__")}
        if name == "vectorizer" and not isinstance(value, str):
            return {"kind": name, **_encoder_to_file(name, value)}
        return super()._parameter_to_file(name, value, where)

    @classmethod
    def _parameter_from_file(cls, name, plain):
        if plain["kind"] == "estimator":
            return cls._Network._unfitted_from_file(plain)
        if plain["kind"] == "vectorizer":
            return _encoder_from_file(plain)
        return super()._parameter_from_file(name, plain)

    def _fitted_to_file(self, where):
        state = vars(self)
        names = (*_FITTED, *self._own_fitted, "feature_names_in_")
        fitted = {name: state[name] for name in names if name in state}
        fitted["estimators_"] = [
            network._to_file(f"estimators_[{i}].")
            for i, network in enumerate(self.estimators_)
        ]
        if not isinstance(self.vectorizer_, str):
            fitted["vectorizer_"] = _encoder_to_file("vectorizer_", self.vectorizer_)
        fitted["_dtype"] = self._dtype.name
        return fitted

    @classmethod
    def _fitted_from_file(cls, fitted):
        names = {*_FITTED, *cls._own_fitted}
        optional = {"feature_names_in_", cls._out_of_fold}
        unknown = fitted.keys() - names - optional
        if unknown or names - fitted.keys() - optional:
            raise ValueError(
                f"{cls.__name__} has the attributes {sorted(names)}; got "
                f"{sorted(fitted)}."
            )
        state = dict(fitted)
        networks = state["estimators_"]
        state["estimators_"] = [cls._network_from_file(data) for data in networks]
        if not isinstance(state["vectorizer_"], str):
            state["vectorizer_"] = _encoder_from_file(state["vectorizer_"])
        state["_dtype"] = _dtype(state["_dtype"])
        cls._check_whole(state)
        return state

    @classmethod
    def _network_from_file(cls, data):
        if data["estimator"] != cls._Network.__name__:
            raise ValueError(f"networks must be of {cls._Network.__name__}.")
        return cls._Network._from_file(data)

    @classmethod
    def _check_whole(cls, state):
        """An error where the parts of what is fitted don't belong together."""
        model = cls()
        vars(model).update(state)
        networks, weights = model.estimators_, model.estimator_weights_
        right = isinstance(weights, np.ndarray) and weights.dtype == np.float64
        right = right and weights.shape == (len(networks),) and len(networks)
        if not right or not ((weights >= 0) & np.isfinite(weights)).all():
            raise ValueError(
                "there must be a network at least, with a weight for each."
            )
        if not all(isinstance(network, cls._Network) for network in networks):
            raise ValueError(f"networks must be of {cls._Network.__name__}.")
        _check_inputs(model)
        shape = model._output_shape()
        for network in networks:
            row = np.zeros((1, network.n_features_in_), model._dtype)
            own = model._outputs(network, row).shape[1:]
            shape = own if shape is None else shape
            if own != shape:
                raise ValueError(f"a network's outputs must be of shape {shape}.")


def _check_inputs(model):
    """Whether columns of the table, encoder and networks fit to each other."""
    n, encoder = model.n_features_in_, model.vectorizer_
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n_features_in_ must be a count; got {n!r}.")
    if "feature_names_in_" in vars(model) and not are_names(model.feature_names_in_, n):
        raise ValueError(f"there must be {n} names of columns.")
    if isinstance(encoder, str):
        if encoder != "passthrough":
            raise ValueError(f"no encoder is called {encoder!r}.")
        width = n
    elif type(encoder) in _ENCODERS.values():
        if getattr(encoder, "n_features_in_", None) != n:
            raise ValueError(f"the encoder must be fitted, for {n} columns.")
        width = len(encoder.get_feature_names_out())
    else:
        return  # not of this package
    if not all(net.n_features_in_ <= max(width, 1) for net in model.estimators_):
        raise ValueError(f"the networks must have {width} inputs at most.")


def _dtype(name):
    if name not in tuple(DTYPES):
        raise ValueError(f"networks compute in float32 or float64; got {name!r}.")
    return np.dtype(DTYPES[name])


def _encoder_to_plain(encoder):
    """An encoder of the package as plain data; another, and text, as it is."""
    if type(encoder) not in _ENCODERS.values():
        return encoder
    return {"class": type(encoder).__name__, "state": encoder._to_plain()}


def _encoder_from_plain(plain):
    if not isinstance(plain, dict):
        return plain
    if plain.get("class") not in tuple(_ENCODERS):
        raise ValueError(f"there is no encoder {plain.get('class')!r}.")
    encoder = _ENCODERS[plain["class"]]()
    vars(encoder).update(encoder._from_plain(plain["state"]))
    return encoder


def _encoder_to_file(name, encoder):
    plain = _encoder_to_plain(encoder)
    if not isinstance(plain, dict):
        raise ValueError(
            f"{name}={encoder!r} can't be saved: of encoders, a model file holds "
            f"{sorted(_ENCODERS)}. Save with joblib or pickle; or encode before, with "
            'vectorizer="passthrough".'
        )
    names = (*encoder.get_params(), *_OF_ENCODERS)
    state = {name: plain["state"][name] for name in names if name in plain["state"]}
    # scikit-learn keeps there what set_output has been told.
    output = getattr(encoder, "_sklearn_output_config", {}).get("transform")
    return {"class": plain["class"], "state": state, "output": output}


def _encoder_from_file(plain):
    known, state = {*_OF_ENCODERS}, plain["state"]
    encoder = _encoder_from_plain({"class": plain["class"], "state": {}})
    unknown = state.keys() - known - encoder.get_params().keys()
    if unknown:
        raise ValueError(f"{plain['class']} has no {sorted(unknown)}.")
    encoder = _encoder_from_plain(plain)
    output = plain.get("output")
    if output is not None:
        if output not in _OUTPUTS:
            raise ValueError(f"the output of an encoder can't be {output!r}.")
        encoder.set_output(transform=output)
    return encoder
