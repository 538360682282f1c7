"""Which version wrote a pickle or a model file, and whether this one reads it.

To change what is kept, raise ``STATE_FORMAT`` and have ``_from_plain`` read the older
formats too: model files of all versions are read.
"""

from typing import Any, Self
from warnings import warn

from sklearn.exceptions import InconsistentVersionWarning

from .._version import __version__

STATE_FORMAT = 1


class VersionWarning(InconsistentVersionWarning):
    """scikit-learn's warning, with this package's versions and promise."""

    def __str__(self) -> str:
        return (
            f"This pickle of a {self.estimator_name} is of skann "
            f"{self.original_sklearn_version}, and is loaded by skann "
            f"{self.current_sklearn_version}. A pickle is a snapshot for the version "
            "that made it, and may fail or predict otherwise. What save_model writes "
            "is loaded by every later version."
        )


class VersionedState:
    """What has pickles of plain data, which say the version that wrote them."""

    def _to_plain(self):
        """The attributes as plain data, in a dict."""
        raise NotImplementedError

    @classmethod
    def _from_plain(cls, state):
        """The attributes again; ValueError if the data are not whole."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        state = self._to_plain()
        return {**state, "_skann_version": __version__, "_state_format": STATE_FORMAT}

    def __setstate__(self, state: Any) -> None:
        state = dict(state)
        version = state.pop("_skann_version", None)
        check_format(state.pop("_state_format", None), version, type(self).__name__)
        if version != __version__:
            warn(
                VersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
        vars(self).update(self._from_plain(state))

    def __copy__(self) -> Self:
        # Shallow: a copy shares the vector of parameters, and costs next to nothing.
        copy = type(self).__new__(type(self))
        vars(copy).update(vars(self))
        return copy


def check_format(found, version, what):
    """Whether this version knows the format of a state, ``what``'s, or an error."""
    if not isinstance(found, int) or not 1 <= found <= STATE_FORMAT:
        raise ValueError(
            f"The state of this {what} has format {found!r}, of skann {version}; skann "
            f"{__version__} knows formats 1 to {STATE_FORMAT}. Update skann to load it."
        )
