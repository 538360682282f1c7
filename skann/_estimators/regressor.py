"""The regressor: real-valued targets in and out."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Self

from sklearn.utils._param_validation import Interval, StrOptions

from .._bases import Tags
from .._decorators import available_if, fit_context
from .._optimize.averaging import Averaging
from .._optimize.minimizer import Minimizer
from .._optimize.optimizer import Optimizer
from .._optimize.schedule_base import Schedule
from .._typing import ArrayLike, Matrix, RandomState, Scoring, Splitter, Verbose
from .base import BaseBP
from .docstrings import document
from .fit_inputs import FitInputs
from .fitted import FittedUnits
from .function_objects import Activation, LossObject
from .kinds import RegressorMixin
from .parameter_names import known_parameters_only
from .parameters import PARAMETER_CONSTRAINTS, supports_partial_fit
from .real_predictions import RealPredictions
from .regression_losses import LOSS_NAMES, has_log_link, has_several_quantiles
from .regression_targets import RegressionTargets


@document
class BPRegressor(
    RealPredictions, RegressionTargets, FittedUnits, RegressorMixin, BaseBP
):
    """Neural-network regressor trained by back-propagation.

    A fully connected network, trained on mini-batches (or, with ``solver="lbfgs"``, on
    all rows at once). The objective is

        J = Σ_i s_i loss_i / Σ_i s_i + alpha / 2 * ||W||²

    with row weights s and the chosen loss summed over the outputs. Reproducible bit for
    bit for the same `random_state`, with any number of threads; for SciPy's minimisers
    and, where the compiled engine is missing, in what is predicted, with the same
    number of BLAS threads.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; empty for a network without hidden layers, which
        is linear regression.
    {activation}
    loss : str or object of `skann.losses`, default="squared_error"
        With raw outputs z, for targets whose mean is asked for, "squared_error" or
        "mse": ½‖z - y‖². For their median, which outliers do not move,
        "absolute_error": ``Σ_k |z_k - y_k|``; and "huber": squares up to `huber_delta`
        and straight on from there. For quantiles of them "quantile", the pinball loss.
        For the mean of counts "poisson", of positive amounts "gamma", and of amounts
        many of which are zero "tweedie" (``Tweedie(power=1.5)``): half of the deviance
        of predictions exp(z), which are always positive. For mean and spread
        "gaussian", the normal likelihood, which learns a deviation for each row:
        ``predict(X, return_std=True)``. An object has settings, or is a loss of one's
        own: a class made of ``skann.losses.Loss``.
    quantile : float or list of float, default=None
        Which quantile ``loss="quantile"`` is of, between 0 and 1; None is 0.5, the
        median. Of a list that rises, predictions have a column for each, and never
        cross.
    huber_delta : float, default=None
        Where the loss "huber" goes straight on, in units of the network's targets: with
        `normalize_y`, of 1.4826 median absolute deviations of `y`. None is 1.35, which
        is Huber's for 95 % of the efficiency of squares on normal errors.
    {solver}
    normalize_y : bool, default=True
        Whether the network is trained on targets that are shifted to mean zero and
        scaled to variance one, each output by itself. Losses and `tol` are then in
        units of that variance. "absolute_error", "huber" and "quantile" take the median
        and 1.4826 times the median absolute deviation for mean and deviation;
        "poisson", "gamma" and "tweedie" are trained on targets divided by their mean.
        It makes one
        set of defaults suit targets in any unit; predictions are in the unit of `y`.
        Over calls of `partial_fit` mean and variance are those of all rows so far, and
        with a warm start those of the rows given; as they move, the output layer is
        rescaled so that predictions stay. Behind a log link predictions follow the mean
        as long as the network is young, and stay as far as its steps can have learnt
        their level.
    missing_targets : {"error", "ignore"}, default="error"
        What to do about NaN in `y`: refuse it; or take it as "not observed", so that
        the row trains the other outputs. Rows without any target are left out.
    {alpha}
        Under the other solvers noisy targets want 0.003 to 0.03 with `normalize_y`, or
        `early_stopping`.
    {l1_ratio, batch_size, learning_rate, learning_rate_init, power_t}
    {max_iter, standardize, shuffle}
    {random_state, tol, verbose, warm_start, momentum, nesterovs_momentum}
    {early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change}
    {max_fun, weight_init, n_hidden_layers, n_hidden_units, scoring}
    {training_score, gradient_norms, max_time, target_loss, dropout, max_grad_norm}
    {max_grad_value, max_norm, input_dropout, input_noise, average, skip_connection}
    {normalization, n_init, n_jobs, divergence_retries, trainable}

    Attributes
    ----------
    {coefs_, intercepts_, loss_curve_, batch_loss_curve_, loss_, best_loss_}
    {auto_params_, search_, alpha_, n_effective_parameters_, history_}
    {validation_loss_curve_, validation_scores_, best_iter_, start_losses_}
    {best_validation_score_, n_iter_, t_, stop_reason_, engine_, n_layers_}
    {n_outputs_, skip_coef_, normalization_}
    {activations_, out_activation_, n_features_in_, feature_names_in_}
    y_mean_ : ndarray of shape (n_outputs,)
        Mean of the targets, zero with ``normalize_y=False``: predictions are the
        network's outputs times `y_scale_` plus `y_mean_`; behind a log link, exp of
        the outputs times `y_scale_`.
    y_scale_ : ndarray of shape (n_outputs,)
        Deviation of the targets, one with ``normalize_y=False``.

    See Also
    --------
    BPClassifier : The same network for classes.

    Notes
    -----
    {cycle}

    References
    ----------
    Rumelhart, D. E., Hinton, G. E. & Williams, R. J. (1986). Learning representations
    by back-propagating errors. Nature 323, 533-536.

    Examples
    --------
    >>> import numpy as np
    >>> from skann import BPRegressor
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> reg = BPRegressor((20,), "tanh", solver="lbfgs", random_state=0).fit(X, y)
    >>> bool(reg.score(X, y) > 0.99)
    True
    """

    __module__ = "skann"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **PARAMETER_CONSTRAINTS,
        "loss": [StrOptions(set(LOSS_NAMES)), LossObject],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like", None],
        "huber_delta": [Interval(Real, 0, None, closed="neither"), None],
        "normalize_y": ["boolean"],
        "missing_targets": [StrOptions({"error", "ignore"})],
    }

    @known_parameters_only
    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        loss: str | LossObject = "squared_error",
        quantile: float | Sequence[float] | None = None,
        huber_delta: float | None = None,
        solver: str | Optimizer | Minimizer = "auto",
        normalize_y: bool = True,
        missing_targets: str = "error",
        alpha: float | str = "auto",
        l1_ratio: float = 0.0,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule | Callable[[int], float] = "auto",
        learning_rate_init: float | str = "auto",
        power_t: float = 0.5,
        max_iter: int | str = "auto",
        standardize: bool | str = "auto",
        shuffle: bool = True,
        random_state: RandomState = None,
        tol: float = 1e-4,
        verbose: Verbose = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float | Splitter = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        weight_init: str = "auto",
        n_hidden_layers: int | None = None,
        n_hidden_units: int | None = None,
        scoring: Scoring = "loss",
        training_score: bool = False,
        gradient_norms: bool = False,
        max_time: float | None = None,
        target_loss: float | None = None,
        dropout: float = 0.0,
        max_grad_norm: float | None = None,
        max_grad_value: float | None = None,
        max_norm: float | None = None,
        input_dropout: float = 0.0,
        input_noise: float = 0.0,
        average: str | Averaging | None = None,
        skip_connection: bool = False,
        normalization: str | None = None,
        n_init: int = 1,
        n_jobs: int | None = None,
        divergence_retries: int = 0,
        trainable: Sequence[bool | ArrayLike] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.quantile = quantile
        self.huber_delta = huber_delta
        self.solver = solver
        self.normalize_y = normalize_y
        self.missing_targets = missing_targets
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.standardize = standardize
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.weight_init = weight_init
        self.n_hidden_layers = n_hidden_layers
        self.n_hidden_units = n_hidden_units
        self.scoring = scoring
        self.training_score = training_score
        self.gradient_norms = gradient_norms
        self.max_time = max_time
        self.target_loss = target_loss
        self.dropout = dropout
        self.max_grad_norm = max_grad_norm
        self.max_grad_value = max_grad_value
        self.max_norm = max_norm
        self.input_dropout = input_dropout
        self.input_noise = input_noise
        self.average = average
        self.skip_connection = skip_connection
        self.normalization = normalization
        self.n_init = n_init
        self.n_jobs = n_jobs
        self.divergence_retries = divergence_retries
        self.trainable = trainable

    @available_if(supports_partial_fit)
    @fit_context(prefer_skip_nested_validation=True)
    @document
    def partial_fit(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Matrix | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        coef_init: Sequence[ArrayLike] | None = None,
        intercept_init: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Pass once over the given rows in mini-batches, from where the model is.

        Training goes on from whatever the estimator holds: nothing yet, the result of
        `fit`, or a model loaded from a file.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        {partial_fit_rest}

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, or training diverges. The
            estimator is then left as it was.

        Examples
        --------
        >>> from skann import BPRegressor
        >>> net = BPRegressor(random_state=0)
        >>> for row in range(3):
        ...     net = net.partial_fit([[row], [row + 0.5]], [row, row + 0.5])
        >>> net.t_
        6
        """
        inputs = FitInputs(sample_weight, X_val, y_val, sample_weight_val)
        inputs.coef_init, inputs.intercept_init = coef_init, intercept_init
        return self._partial_fit(X, y, inputs)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Several columns of counts or amounts are welcome as well, but the checks that
        # come with multi_output give negative ones.
        tags.target_tags.positive_only = has_log_link(self)
        tags.target_tags.multi_output = not (
            has_several_quantiles(self) or tags.target_tags.positive_only
        )
        return tags
