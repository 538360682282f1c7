"""What docstrings say of several starts, and of what a solver has found.

A part of the texts of ``docstrings.py``, which says how they are used.
"""

TEXTS_OF_STARTS = {
    "n_init": """\
n_init : int, default=1
    Number of starts: `fit` trains from as many drawn weights, on the same rows, and
    keeps the network with the lowest validation loss, or training loss where there are
    no validation data. The first start is that of ``n_init=1``. `max_time` is for all
    of them together. Not with callbacks or given weights; a warm start goes on from the
    one that was kept.""",
    "n_jobs": """\
n_jobs : int, default=None
    How many of the `n_init` starts are trained at a time, on threads that share the
    rows. None is 1 unless in a ``joblib.parallel_config``, -1 all processors. The
    result is the same, bit for bit. `verbose` then has a line for each start instead of
    its epochs, and an interrupt from the keyboard leaves no network. A single start
    has the engine's threads, whatever this says.""",
    "start_losses_": """\
start_losses_ : list of float
    Loss that each of the `n_init` starts has led to, by which one was kept: infinity
    where training diverged (from all of them is an error), NaN where `max_time` left
    none for it.""",
    "alpha_": """\
alpha_ : float
    Strength of the penalty on weights and biases that ``solver="br"`` has found. Only
    there.""",
    "n_effective_parameters_": """\
n_effective_parameters_ : float
    How many parameters the data have determined, by ``solver="br"``. Only there.""",
}
