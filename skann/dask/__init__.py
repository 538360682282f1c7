"""Networks for data on a Dask cluster.

The extra "dask" brings what is needed: ``pip install "skann[dask]"``.
"""

from ._estimators import DaskBPClassifier, DaskBPRegressor

__all__ = ["DaskBPClassifier", "DaskBPRegressor"]
