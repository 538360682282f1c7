"""The training loop: from a parameter vector and data to a finished run.

``run.py`` puts a run together; ``minibatch.py`` goes from epoch to epoch,
``fullbatch.py`` from iteration to iteration of SciPy's minimisers. ``monitor.py`` keeps
the record and says when to stop, by ``stopping.py``; ``best.py`` keeps the weights that
a run ends with. ``data.py`` is what checked data look like from here on down.

May come in: what happens between two steps. May not: estimators (this floor knows the
names of their parameters and nothing else about them), or arithmetic on a batch, which
is the engine's.
"""
