"""What pytest is to leave out where an extra is not installed."""

from importlib.util import find_spec

# The examples in the docstrings of skann.dask need a cluster.
collect_ignore_glob = [] if find_spec("distributed") else ["skann/dask/*"]
