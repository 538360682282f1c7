"""What pytest is to leave out where an extra is not installed."""

from importlib.util import find_spec

import pytest

# The examples in the docstrings of skann.dask need a cluster.
collect_ignore_glob = [] if find_spec("distributed") else ["skann/dask/*"]
# Examples in docstrings that need a package which not every extra brings.
_NEEDED = {"skann.dask._stream.partial_fit_parquet": "pyarrow"}


def pytest_runtest_setup(item):
    """Skip the examples whose package is missing, with a message that names it."""
    package = _NEEDED.get(item.name)
    if package is not None and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
