"""How parameters move: optimisers, minimisers, learning-rate schedules.

An optimiser is a few in-place operations on one flat vector; a minimiser goes from
point to point over all rows, by SciPy or by a rule of its own; a schedule is a function
of the steps taken. Each is an object with settings that a search can reach, and has a
row in a table: ``optimizers.py``, ``minimizers.py``, ``schedules.py``. To add one,
write the class with its equation and add the row.

May come in: rules over flat vectors. May not: layers, rows, losses or estimators.
"""
