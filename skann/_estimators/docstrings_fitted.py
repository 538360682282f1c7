"""What the docstrings say of the attributes that a fit leaves.

A part of the texts of ``docstrings.py``, which says how they are used.
"""

FITTED = {
    "coefs_": """\
coefs_ : list of ndarray of shape (n_in, n_out)
    Weights of each layer.""",
    "intercepts_": """\
intercepts_ : list of ndarray of shape (n_out,)
    Biases of each layer.""",
    "loss_curve_": """\
loss_curve_ : list of float
    Objective of each epoch: the mean over its batches, each before its update.
    For full-batch solvers, after each iteration.""",
    "batch_loss_curve_": """\
batch_loss_curve_ : ndarray of shape (n_updates,)
    Objective of every mini-batch before its update, over the life of the model.""",
    "loss_": """\
loss_ : float
    Last entry of `loss_curve_`.""",
    "best_loss_": """\
best_loss_ : float
    Lowest entry of `loss_curve_`.""",
    "auto_params_": """\
auto_params_ : dict
    Values of the parameters that are "auto" in the last fit; and under "standardize",
    whether columns were standardised for it.""",
    "search_": """\
search_ : dict of str to list
    Trials that the default settings were chosen by, in the order in which they were
    made: columns "alpha" (weight decay in multiples of the rule's), "max_iter", "loss"
    (mean held-out loss) and "n_splits" (splits that it is the mean of; a trial is given
    up at the first split where it is not better). Empty where nothing was to choose.
    ``pandas.DataFrame(search_)`` is a table of it.""",
    "history_": """\
history_ : dict of str to list
    One entry an epoch, over the life of the model, in each of the columns "epoch",
    "loss", "validation_loss", "validation_score", "learning_rate",
    "gradient_norm" (of the last batch) and "seconds". NaN stands for what there
    is not. Several scorers, `training_score` and `gradient_norms` add columns, and so
    do "lm" and "br".
    ``pandas.DataFrame(history_)`` is a table of it, and so is what a notebook
    shows. A copy, as the curves are.""",
    "validation_loss_curve_": """\
validation_loss_curve_ : list of float or None
    Loss on the validation data after each epoch.""",
    "validation_scores_": """\
validation_scores_ : list of float or None
    Score on the validation data after each epoch: a classifier's accuracy or
    what a regressor's `score` is, unless `scoring` says otherwise.""",
    "best_iter_": """\
best_iter_ : int
    The epoch whose weights were kept: the best on the validation data with
    `early_stopping`; where the training loss has converged and then spiked,
    one from before the spike; else the last.""",
    "best_validation_score_": """\
best_validation_score_ : float or None
    The score at the best epoch, with `early_stopping`.""",
    "n_iter_": """\
n_iter_ : int
    Epochs (iterations) of the last `fit`, or 1 after `partial_fit`.""",
    "t_": """\
t_ : int
    Rows trained on, counted in every epoch.""",
    "stop_reason_": """\
stop_reason_ : str or None
    Why training ended; None after a `partial_fit` that may be followed by others.""",
    "engine_": """\
engine_ : {"compiled", "reference"} or None
    Which engine made the gradients in the last training: the compiled one where it
    has what the parameters ask for, else the reference in NumPy, which is slower.
    None before any.""",
    "n_layers_": """\
n_layers_ : int
    Number of layers, inputs and outputs included.""",
    "n_outputs_": """\
n_outputs_ : int
    Number of output units.""",
    "activations_": """\
activations_ : list of str
    Activation of each hidden layer.""",
    "out_activation_": """\
out_activation_ : str
    Activation of the output layer.""",
    "n_features_in_": """\
n_features_in_ : int
    Number of features.""",
    "feature_names_in_": """\
feature_names_in_ : ndarray of shape (n_features,)
    Names of the features, where `X` had names that are all strings.""",
}
