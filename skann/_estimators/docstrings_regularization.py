"""What the docstrings say of parameters that keep a network from learning by heart."""

REGULARIZATION = {
    "skip_coef_": """\
skip_coef_ : ndarray of shape (n_features, n_outputs) or None
    Weights of the direct path from inputs to outputs, with `skip_connection`.""",
    "normalization_": """\
normalization_ : dict of str to list of ndarray of shape (n_units,) or None
    With `normalization` an array for each hidden layer in the lists "gain" and "shift",
    and with "batch" in "mean" and "variance", the statistics for predictions.""",
    "input_dropout": """\
input_dropout : float, default=0.0
    The same for the inputs: the probability with which a feature is left out of a row,
    that is, zero. Of sparse `X` stored values are left out.""",
    "input_noise": """\
input_noise : float, default=0.0
    Deviation of normal noise that is added to every input of a row, anew in every
    epoch: a penalty on functions that are not smooth. In the unit of `X` as the network
    sees it, that of standardised columns where training standardises; not for sparse
    `X`. For solvers of mini-batches; the reference engine trains with it.""",
    "max_norm": """\
max_norm : float, default=None
    After every step the weights that lead to a unit are scaled back to this length, if
    together they are longer; None for no limit. 3 or 4 is usual beside `dropout`. For
    solvers of mini-batches, whose steps are then taken in NumPy.""",
    "max_grad_value": """\
max_grad_value : float, default=None
    The components of a mini-batch's gradient are cut off at this value, up and down,
    before `max_grad_norm` looks at its length; None for no limit.""",
    "trainable": """\
trainable : list of bool or array-like of bool, default=None
    What training may change, for each layer: True; False for a frozen layer, whose
    weights and biases stay as they are drawn, or as `coef_init` and `intercept_init`
    give them; or a boolean array of shape (n_in, n_out), where it is False for frozen
    weights, such as zeros for connections that are not there. None is all. With
    `warm_start` and in `partial_fit` it may be another from call to call, to unfreeze
    layers one by one.""",
    "skip_connection": """\
skip_connection : bool, default=False
    Whether outputs have a direct linear path from the inputs besides the one through
    the hidden layers, which then learn what is not linear. It starts at zero. The
    reference engine trains and predicts with it.""",
    "normalization": """\
normalization : {"batch", "layer"} or None, default=None
    Whether what comes before the hidden layers' activations is normalised to mean zero
    and variance one, with a gain and a shift that are learnt: of each unit over the
    rows of a mini-batch ("batch"; predictions take the statistics of the rows trained
    on, after `partial_fit` running means of the batches'), or of each row over the
    units ("layer"). For solvers of mini-batches, "batch" with two
    rows or more in one; the reference engine trains with it.""",
    "average": """\
average : {"ema", "swa"}, object of `skann.averaging` or None, default=None
    Whether the network ends with averaged weights, which validation, callbacks and
    predictions see, while training goes on from those that are not: "ema" is
    ``EMA(decay=0.999)``, an exponential moving average over steps, "swa" is
    ``SWA(start=0.75)``, the mean over the ends of the last quarter of the epochs. It
    smooths what the last steps do at random. For solvers of mini-batches.""",
}
