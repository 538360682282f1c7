"""Networks for data on a Dask cluster.

The extra "dask" brings what is needed: ``pip install "skann[dask]"``.
``docs/guide/dask.md`` begins where a user of ``DaskXGBClassifier`` stands.
"""

from ._estimators import DaskBPClassifier, DaskBPRegressor
from ._stream import partial_fit_parquet

__all__ = ["DaskBPClassifier", "DaskBPRegressor", "partial_fit_parquet"]
