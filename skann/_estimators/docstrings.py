"""What the docstrings of classifier and regressor have in common, written once.

A line of a docstring that is a name in braces, or several with commas between, is
replaced by the texts of those names: :func:`document` does it when the class is made,
so that ``help`` and every tool see the whole. A parameter that means the same in both
estimators stands here, in numpydoc's form; what differs stands in the class.
"""

import inspect
import re
from typing import Any, TypeVar

from .docstrings_fitted import FITTED
from .docstrings_regularization import REGULARIZATION
from .docstrings_starts import TEXTS_OF_STARTS

Thing = TypeVar("Thing", bound=Any)

_PLACE = re.compile(r"^( *)\{(\w+(?:, \w+)*)\}$", re.MULTILINE)


def document(thing: Thing, texts: dict[str, str] | None = None) -> Thing:
    """Fill in the places of a class's or function's docstring; a decorator.

    Parameters
    ----------
    thing : type or function
    texts : dict of str to str, default=None
        What stands for each name; None for those of this module.

    Raises
    ------
    KeyError
        If a place has a name that is not known here.
    """
    known = TEXTS if texts is None else texts

    def text(place):
        indent, names = place.groups()
        lines = "\n".join(known[name] for name in names.split(", ")).splitlines()
        return "\n".join(indent + line if line else "" for line in lines)

    thing.__doc__ = _PLACE.sub(text, inspect.cleandoc(thing.__doc__))
    return thing


TEXTS = {
    **FITTED,
    **REGULARIZATION,
    **TEXTS_OF_STARTS,
    "activation": """\
activation : str or sequence of str, default="relu"
    Activation of all hidden layers, or one name for each: "identity",
    "logistic" (the lecture's sigmoid), "tanh", "tanh_opt" (1.7159 tanh(2z/3)),
    "relu", "leaky_relu" (slope 0.01), "elu", "selu", "gelu", "silu", "softplus",
    "mish" or "step" (1 above zero, else 0), below which no layer learns.""",
    "solver": """\
solver : str or object of `skann.solvers`, default="auto"
    "auto" trains in one cycle of AdamW: the learning rate rises and falls once, and
    weight decay and number of epochs are chosen on held-out rows (see the notes). With
    a `learning_rate` that does not run to its end, and in `partial_fit`, "auto" is
    "adam". Every other solver trains until the loss has converged. A name is the
    object with its default settings: "adam" needs little tuning; "sgd" is gradient
    descent with `momentum`; "adamw", "amsgrad", "nadam", "rmsprop", "adagrad" and
    "lion" are optimisers on mini-batches as well. "rprop" takes one step an epoch along
    the gradient over all rows. "lbfgs", "bfgs", "newton-cg", "trust-ncg" (SciPy's),
    "cg", "scg", "oss" and "gdx" are full-batch minimisers, computed in
    float64; they suit a few thousand rows, and "lbfgs" is the first to try. For
    small networks "lm", Levenberg-Marquardt, is the fastest way to a low training
    loss, and "br" the same with a penalty that it finds from few, noisy rows.""",
    "alpha": """\
alpha : float or "auto", default="auto"
    Strength of the regularisation. In one cycle it is the weight decay of AdamW in
    multiples of the rule's (see the notes): 1 is the rule's decay, 0 is none, and
    "auto" chooses it on held-out rows. With any other solver or schedule it is the
    strength of the L2 penalty ``alpha / 2 * ||W||²`` that is added to the mean loss,
    and "auto" is 0. The penalty does not depend on the batch size: scikit-learn's
    ``alpha`` is ``batch_size`` times as large for the same effect (its default of 1e-4
    is 5e-7 here). Biases are not penalised.""",
    "l1_ratio": """\
l1_ratio : float, default=0.0
    Share of the penalty that is L1: ``alpha * (l1_ratio * Σ|w| + (1 - l1_ratio) / 2
    * ||W||²)``, as in scikit-learn's ``ElasticNet``. Weights that help little become
    exactly zero. It needs `alpha` as a number and a solver of mini-batches. In one
    cycle the other share is weight decay.""",
    "batch_size": """\
batch_size : int or "auto", default="auto"
    Rows in a mini-batch; "auto" is a twenty-fifth of the rows, at least 8 and at
    most 200, and all of up to 64 rows. A larger number than there are rows makes
    one batch of all. "rprop"
    and the minimisers use all rows at once.""",
    "learning_rate": """\
learning_rate : str, object of `skann.schedules` or callable, default="auto"
    Learning-rate schedule, for the solvers of mini-batches, any with any. "auto" is
    "one_cycle" if `solver` is "auto", else "constant". "constant".
    "invscaling": ``learning_rate_init / (t + 1) ** power_t`` with t the rows
    trained on before the epoch. "adaptive": divided by 5 whenever
    `n_iter_no_change` epochs in a row have not improved by `tol`, until it is
    1e-6. "step": to a tenth every 50 epochs. "exponential": times 0.98 every
    epoch. "cosine": down along a cosine to 0 at the end of `max_iter` epochs.
    "one_cycle": up from ``learning_rate_init / 25`` to `learning_rate_init` in the
    first 30 % of `max_iter` epochs, then down to ``learning_rate_init / 1e4``,
    each along a cosine; the fastest way to a good network where the number of
    epochs is known. The last two run for all of `max_iter`. An object has settings
    of its own, each of them a `warmup`. A callable gets the number of optimiser
    steps taken so far in the life of the model, 0 first, and returns the rate.""",
    "learning_rate_init": """\
learning_rate_init : float or "auto", default="auto"
    Learning rate at the start, after a warm-up if there is one; the peak of
    "one_cycle". "auto" is 0.001, which suits Adam, and by a rule if training is
    one cycle; "sgd" usually wants more, and
    `learning_rate_range_test` finds out how much. Must be left alone where
    `learning_rate` is a callable, which returns the rate itself.""",
    "power_t": """\
power_t : float, default=0.5
    Exponent of "invscaling". Must be left alone where `learning_rate` is an object
    or a callable, or a name that scikit-learn does not have.""",
    "max_iter": """\
max_iter : int or "auto", default="auto"
    Maximum number of epochs (of a full-batch solver, iterations), and the length of
    schedules that run to their end. "auto" is 200; if training is one cycle, its
    length is chosen on held-out rows (see the notes).""",
    "standardize": """\
standardize : bool or "auto", default="auto"
    Whether to train on standardised columns (mean 0, standard deviation 1; sparse
    columns keep their mean). The scale is folded into the weights afterwards, so that
    `X` and `coefs_` stay in the columns' own units. "auto" does so where columns would
    keep a network from learning: one of typical size above 10, one that varies a
    hundred times less than the widest (but for columns that are mostly zero), or
    columns that all are below 0.05; and never for the perceptron's loss and step units.
    In `partial_fit` the first batch decides, and mean and deviation are those of all
    batches so far.""",
    "shuffle": """\
shuffle : bool, default=True
    Whether to shuffle the rows before each epoch. One batch of all rows is never
    shuffled.""",
    "random_state": """\
random_state : int, RandomState instance or None, default=None
    Determines starting weights, the validation split and shuffling.""",
    "tol": """\
tol : float, default=1e-4
    An epoch improves if its loss falls below the best one by more than this. For
    full-batch solvers, the largest gradient component at convergence. One cycle runs
    to its end: `tol` has no effect there, and `fit` warns if it is set.""",
    "verbose": """\
verbose : bool, int or "progress", default=False
    Whether to print a table with a line an epoch; a number n prints every n-th.
    Lines with the lowest validation loss (or highest score) so far end in "*", and the
    last line says why training stopped. "progress" is a bar that moves, by the package
    rich.""",
    "warm_start": """\
warm_start : bool, default=False
    Whether `fit` goes on from the last fit, optimiser state included. The
    network's shape, activations and loss must then be the same. If training is one
    cycle, each call is another cycle of the decay and length of the first, up to 0.3
    of its peak rate.""",
    "momentum": """\
momentum : float, default=0.9
    Momentum of "sgd", between 0 and 1; 0 is plain gradient descent.""",
    "nesterovs_momentum": """\
nesterovs_momentum : bool, default=True
    Whether the momentum of "sgd" is Nesterov's.""",
    "early_stopping": """\
early_stopping : bool, default=False
    Whether to stop when the validation loss (see `scoring`) has not improved by
    `tol` for `n_iter_no_change` epochs, and return to the best weights. Unless
    `fit` is given `X_val`, a part of the data is held out for it; a classifier
    stratifies it by class (not for multilabel targets). The schedules "one_cycle"
    and "cosine", and so ``solver="auto"``, run to their end: early stopping then only
    returns to the weights of the best epoch.""",
    "validation_fraction": """\
validation_fraction : float or splitter, default=0.1
    Share of the rows held out by `early_stopping`; or an object of
    ``sklearn.model_selection``, such as ``GroupShuffleSplit`` or
    ``TimeSeriesSplit``, whose first split is used. The trials that choose the decay and
    length of a cycle use that split as well; beside a number they hold out a fifth of
    the rows.""",
    "beta_1": """\
beta_1 : float, default=0.9
    Decay rate of Adam's estimate of the first moment.""",
    "beta_2": """\
beta_2 : float, default=0.999
    Decay rate of Adam's estimate of the second moment.""",
    "epsilon": """\
epsilon : float, default=1e-8
    Adam's guard against division by zero.""",
    "n_iter_no_change": """\
n_iter_no_change : int or np.inf, default=10
    Epochs in a row without improvement after which training stops; infinity for
    never. It has no effect with the schedules "one_cycle" and "cosine", which run to
    their end; if training is one cycle, `fit` warns where it is set.""",
    "max_fun": """\
max_fun : int, default=15000
    Evaluations of the objective at most, for full-batch solvers by name; a
    product of the Hessian with a vector counts as two.""",
    "weight_init": """\
weight_init : str, default="auto"
    Distribution of the starting weights: "uniform" (±0.5, the lecture's),
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "he_uniform_max"
    (He's variance by the larger of n_in and n_out), "lecun_uniform",
    "lecun_normal" or "orthogonal"; or by the rows of `X`: "nguyen_widrow", which has
    sigmoid and tangent units share the inputs' range among them, as MATLAB does, or
    "lsuv", orthonormal and scaled layer by layer to pre-activations of size one.
    "auto" is "he_uniform_max" for the rectifier
    family, LeCun's for "selu" and "tanh_opt", and Glorot's for the others and the
    output layer; and the first layer of a sigmoid or tangent is divided by the root
    mean square of `X` where that is above one. Biases start at zero, but for
    "nguyen_widrow".""",
    "n_hidden_layers": """\
n_hidden_layers : int, default=None
    Number of hidden layers, all of `n_hidden_units`: the same as
    `hidden_layer_sizes`, which must then be left alone, as two numbers that a
    search can draw. None stands for 1 if `n_hidden_units` is given.""",
    "n_hidden_units": """\
n_hidden_units : int, default=None
    Units of each of the `n_hidden_layers`. None stands for 100 if those are
    given.""",
    "scoring": """\
scoring : str, callable, list, tuple or dict, default="loss"
    What `early_stopping` goes by: "loss" is the validation loss, which tells one
    network from the next far more finely than an accuracy does; else a scorer's
    name or ``scorer(estimator, X, y)``, as in ``cross_val_score``. With row
    weights it is called with ``sample_weight``. Of several, a list of names or a
    dict of names to scorers, the first one decides, and each has a column
    "validation_<name>" in `history_`.""",
    "training_score": """\
training_score : bool, default=False
    Whether `history_` has a column "training_score": what `scoring` (the first of
    several; the estimator's own `score` for "loss") says of the rows trained on
    after each epoch. It takes a prediction of all of them.""",
    "gradient_norms": """\
gradient_norms : bool, default=False
    Whether `history_` has a column "gradient_norm_0" for the layer next to the inputs,
    "gradient_norm_1" for the next, and so on: the norm of the objective's gradient by
    the layer's weights and biases, over the rows trained on, after each epoch. It takes
    another gradient, in about the time of an epoch. An L1 share of the penalty is not
    in it. Not with ``normalization="batch"``.""",
    "max_time": """\
max_time : float, default=None
    Seconds after which `fit` ends with what it has, within the time of a batch.""",
    "target_loss": """\
target_loss : float, default=None
    Training ends when the validation loss (the training loss, where there are no
    validation data) is no more than this.""",
    "dropout": """\
dropout : float, default=0.0
    Probability with which a hidden unit is left out of a row of a mini-batch in
    training; the others make up for it, and predictions leave none out. It can help
    large networks on few rows, which then want more epochs. `loss_` and `loss_curve_`
    are with units left out, a validation loss is not. For solvers of
    mini-batches.""",
    "max_grad_norm": """\
max_grad_norm : float, default=None
    A gradient of a mini-batch that is longer than this, as one vector of all layers, is
    scaled down to it, so that no single batch throws the weights far away; None for no
    limit. For solvers of mini-batches.""",
    "divergence_retries": """\
divergence_retries : int, default=0
    How many times a call goes on where training diverges, instead of raising an
    error: from the weights of the epochs with the lowest losses (the starting ones, if
    it diverges at once), with a fifth of the learning rate and an optimiser that
    begins anew. A loss a thousand times that of the first batch is a divergence too. A
    column "retries" of `history_` has their number for each epoch. The default is an
    error, since the usual cause, X that is not scaled, had better be known. For
    solvers of mini-batches.""",
    "partial_fit_rest": """\
sample_weight : array-like of shape (n_samples,), default=None
    Non-negative row weights; their ratios within the call matter.
X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
    Validation data, looked at after the pass. With ``early_stopping=True``
    patience counts over the calls; `stop_reason_` is None until it has run
    out, which also brings the best weights back. Without validation data it
    goes by the loss of the passes, and no weights are brought back.
y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
    Targets of `X_val`.
sample_weight_val : array-like of shape (n_val,), default=None
    Row weights of `X_val`.
coef_init : list of array-like of shape (n_in, n_out), default=None
    Weights to go on from instead of the present ones.
intercept_init : list of array-like of shape (n_out,), default=None
    Biases to go on from instead of the present ones.

Returns
-------
self : object
    The estimator, trained further.""",
    "cycle": """\
Only `solver` and `learning_rate` choose how training proceeds. With ``solver="auto"``
and a `learning_rate` that is "auto", "one_cycle", "cosine" or an object of these, `fit`
trains in one cycle of AdamW; all other parameters refine the cycle. With any other
solver or schedule, for the activation "step" and the loss "perceptron", and in
`partial_fit`, training goes on until the loss has converged, as in scikit-learn's
``MLPClassifier``: ``solver="adam"`` asks for that. The parameters of a cycle that are
"auto" are

* peak of the rate: 0.01 (less for layers of over 200 units and for more than three
  hidden layers, 0.05 without any);
* weight decay (`alpha` times the rule's): 8 L √(Σ_j var(x_j) / (n (k - 1))),
  between 0.1 and 1.5 times L times the root of the mean variance, for n rows, k classes
  (2 for real targets) and L hidden layers (3 for more of them, 0.1 if there are none);
* length (`max_iter`): 60 epochs, fewer beyond 10,000 rows, never fewer than 10 or 500
  steps.

From 50 rows on (of classes, rows outside the largest one), decay and length are then
chosen by short trials: whole cycles with more and less decay and of several lengths,
judged by the loss on held-out rows (one fifth, or five folds below 1000 rows). Of more
than 10,000 rows the trials use a sample of 10,000, and the length is at most the
rule's. A number as `alpha` or `max_iter` fixes its half, and both leave no trials; nor
are there any if `max_iter` is below a fifth of the rule's. Wide sparse data are trained
without decay. `auto_params_` has the choice and `search_` the trials; `fit` with
`alpha` and `max_iter` from `auto_params_` gives the same weights.""",
}
