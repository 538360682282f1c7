"""The classifier: class labels to targets, raw outputs to labels and probabilities."""

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
from .._typing import (
    ArrayLike,
    ClassWeight,
    Matrix,
    RandomState,
    Scoring,
    Splitter,
    Verbose,
)
from .base import BaseBP
from .class_losses import class_loss_of
from .class_predictions import ClassPredictions
from .class_weight import check_not_balanced, row_weights
from .docstrings import document
from .fit_inputs import FitInputs
from .fitted import FittedClasses
from .function_objects import Activation, LossObject
from .kinds import ClassifierMixin
from .known_classes import check_same_classes, validate_classes
from .label_smoothing import smoothed
from .label_transformers import LOSS_NAMES, make_label_transformer
from .labels import labels_as_array
from .parameter_names import known_parameters_only
from .parameters import PARAMETER_CONSTRAINTS, supports_partial_fit


@document
class BPClassifier(ClassPredictions, FittedClasses, ClassifierMixin, BaseBP):
    """Neural-network classifier trained by back-propagation.

    A fully connected network, trained on mini-batches (or, with ``solver="lbfgs"``, on
    all rows at once). The objective is

        J = Σ_i s_i loss_i / Σ_i s_i + alpha / 2 * ||W||²

    with row weights s and the chosen loss summed over the outputs. Two classes use
    one output unit, more classes one unit each, and multilabel targets one unit a
    label. Reproducible bit for bit for the same `random_state`, with any number of
    threads; for SciPy's minimisers and, where the compiled engine is missing, in what
    is predicted, with the same number of BLAS threads.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; empty for a network without hidden layers, which
        is logistic regression with the softmax and cross-entropy losses.
    {activation}
    loss : str or object of `skann.losses`, default="auto"
        "mse" or "squared_error": ½‖a - y‖² on sigmoid outputs a. "cross_entropy":
        -Σ_k [y_k log a_k + (1 - y_k) log(1 - a_k)] on sigmoid outputs. "softmax":
        -Σ_k y_k log a_k on a softmax layer; with two classes this is the same as
        "cross_entropy", and multilabel targets can't use it. "perceptron":
        Σ_k max(0, -t_k z_k) on raw outputs z, with t = ±1, which has no probabilities:
        Rosenblatt's perceptron, with ``solver="sgd"``, ``momentum=0``, ``batch_size=1``
        and no hidden layer. "focal" (``Focal(gamma=2.0)``): the likelihood of
        "cross_entropy" or, for several classes, "softmax", with less weight for rows
        that are right already. An object has settings, or is a loss of one's own: a
        class made of ``skann.losses.Loss``. "auto": "softmax" for
        several classes, "cross_entropy" for two and for multilabel targets.
    label_smoothing : float, default=0.0
        Share of every row's target that is spread evenly over all classes (on sigmoid
        outputs, over yes and no of each), on validation data too. Outputs are then less
        sure of themselves, which can help where labels are noisy or classes many. 0
        leaves the targets as they are.
    {solver}
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, by their labels; they multiply the rows' weights, on
        validation data too. A class that a dict does not name has weight 1; targets of
        several columns, indicator matrices among them, take a list with a dict for each
        column. "balanced" gives every class the same total weight, row weights
        included; of several columns, their factors are multiplied. `partial_fit` takes
        a dict, or a list of them.
    {alpha, l1_ratio, batch_size, learning_rate, learning_rate_init, power_t}
    {max_iter, standardize, shuffle}
    {random_state, tol, verbose, warm_start, momentum, nesterovs_momentum}
    {early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change}
    {max_fun, weight_init, n_hidden_layers, n_hidden_units, scoring}
    {training_score, gradient_norms, max_time, target_loss, dropout, max_grad_norm}
    {max_grad_value, max_norm, input_dropout, input_noise, average, skip_connection}
    {normalization, n_init, n_jobs, divergence_retries, trainable}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of them
        Class labels; for multilabel targets the numbers of the labels; for several
        columns of classes a list of each column's.
    multilabel_ : bool
        Whether targets are an indicator matrix of labels, each yes or no by itself.
    {coefs_, intercepts_, loss_curve_, batch_loss_curve_, loss_, best_loss_}
    {auto_params_, search_, alpha_, n_effective_parameters_, history_}
    {validation_loss_curve_, validation_scores_, best_iter_, start_losses_}
    {best_validation_score_, n_iter_, t_, stop_reason_, engine_, n_layers_}
    {n_outputs_, skip_coef_, normalization_}
    {activations_, out_activation_, n_features_in_, feature_names_in_}

    See Also
    --------
    BPRegressor : The same network for real-valued targets.

    Notes
    -----
    {cycle}

    Softmax outputs are probabilities. Sigmoid outputs are, for two classes, the
    probability of ``classes_[1]``; for several classes they are divided by their sum,
    ``p_k = a_k / Σ_j a_j``, computed from the logarithms so that rows sum to one even
    where every output is next to zero; for multilabel targets each is the probability
    of its own label. Probabilities lie strictly between 0 and 1, as both functions do:
    what would round to either becomes the nearest number inside.

    References
    ----------
    Rumelhart, D. E., Hinton, G. E. & Williams, R. J. (1986). Learning representations
    by back-propagating errors. Nature 323, 533-536.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> X, y = make_xor(200, noise=0.2, random_state=0)
    >>> clf = BPClassifier((8,), learning_rate_init=0.05, random_state=0).fit(X, y)
    >>> clf.predict([[1, 1], [1, -1]])
    array([1, 0])
    >>> clf.predict_proba([[1, 1], [1, -1]]).round(1)
    array([[0., 1.],
           [1., 0.]])
    """

    __module__ = "skann"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **PARAMETER_CONSTRAINTS,
        "loss": [StrOptions({"auto", *LOSS_NAMES}), LossObject],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    @known_parameters_only
    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        loss: str | LossObject = "auto",
        label_smoothing: float = 0.0,
        solver: str | Optimizer | Minimizer = "auto",
        class_weight: ClassWeight = None,
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
        self.label_smoothing = label_smoothing
        self.solver = solver
        self.class_weight = class_weight
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
        classes: ArrayLike | None = None,
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels or a label indicator matrix.
        classes : array-like or set of n_classes labels, default=None
            All classes there will ever be; for several columns of classes, a list with
            those of each. Needed on the first call; later it may be left out or must
            be the same.
        {partial_fit_rest}

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, `y` has a class that is not among
            the classes, or training diverges. The estimator is then left as it was.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier(random_state=0)
        >>> for start in range(0, 200, 50):
        ...     rows = slice(start, start + 50)
        ...     net = net.partial_fit(X[rows], y[rows], classes=[0, 1])
        >>> net.t_
        200
        """
        check_not_balanced(self.class_weight)
        inputs = FitInputs(sample_weight, X_val, y_val, sample_weight_val)
        inputs.coef_init, inputs.intercept_init = coef_init, intercept_init
        inputs.classes = validate_classes(classes, getattr(self, "classes_", None))
        return self._partial_fit(X, y, inputs)

    def _validate_pair(self, X, y, reset):
        return super()._validate_pair(X, labels_as_array(y), reset)

    def _check_targets(self, y, X):
        return super()._check_targets(labels_as_array(y), X)

    def _new_transformer(self, y, weight, classes):
        return make_label_transformer(y, classes)

    def _known_transformer(self, y, weight, partial):
        if not partial:
            check_same_classes(make_label_transformer(y).classes, self.classes_)
        return self._transformer

    def _encode(self, transformer, y, dtype):
        if self.label_smoothing and self.loss == "perceptron":
            raise ValueError(
                f"label_smoothing={self.label_smoothing!r} would not be used: "
                "loss='perceptron' only asks on which side of zero an output is."
            )
        loss, options = class_loss_of(self)
        targets = transformer.transform(y, loss, dtype)
        targets.loss_options = options
        return smoothed(targets, self.label_smoothing, dtype)

    def _effective_weight(self, weight, transformer, targets):
        if self.class_weight is None:
            return weight
        return row_weights(self.class_weight, transformer.columns(targets), weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.loss != "softmax"
        # Not multi_output, though several columns of classes are welcome: the checks
        # that come with it rank rows by probabilities that have rounded to one.
        return tags
