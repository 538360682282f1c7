"""What a bug report should say of the machine and the installation."""

import importlib.metadata
import platform
import sys

from ._engine.native import binding
from ._version import __version__

_PACKAGES = ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl")


def show_versions() -> None:
    """Print versions, and which engine trains on how many threads.

    Examples
    --------
    >>> import skann
    >>> skann.show_versions()  # doctest: +ELLIPSIS
    skann: ...
    """
    engine = f"NumPy (the compiled engine {binding.why_missing})"
    if binding.is_compiled():
        engine = f"compiled, {binding.level()} instructions"
    found = {
        "skann": __version__,
        "engine": engine,
        "threads": binding.n_threads(float("inf"), float("inf")),
        "Python": sys.version.replace("\n", " "),
        "platform": platform.platform(),
    }
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    for name, value in found.items():
        print(f"{name}: {value}")
