"""The mathematics of a network: layers, activations, losses, starting weights.

All parameters lie in one flat vector, whose layout is in ``layout.py``. An activation
or a loss is a row of the table in ``activations.py`` or ``losses.py``.

May come in: formulas, and the memory that they work in. May not: anything that knows
of batches, solvers or estimators. This floor imports nothing of the package.
"""
