"""Tables as they are: from a raw frame to an average of networks.

``columns.py`` reads frames and arrays, ``encoder.py`` makes numbers of them, with a
module for each kind of column: ``numbers.py`` (by way of ``piecewise.py``),
``dates.py``, ``categories.py``, ``text.py``. ``recipe.py`` has every number that was
chosen by measurement. ``folds.py`` says who trains on what; ``base.py``,
``classifier.py`` and ``regressor.py`` are the estimators.

May come in: what is made of the public estimators and of scikit-learn's transformers.
May not: anything that reaches past the estimators to training or the engine.
"""
