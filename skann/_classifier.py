"""The classifier: class labels to targets, raw outputs to labels and probabilities."""

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from ._base import BaseBP, trains_in_passes
from ._labels import (
    LOSS_NAMES,
    encode_classes,
    encode_indicators,
    is_multilabel,
)
from ._probabilities import log_probabilities, probabilities
from ._validation import unchanged_on_error


class BPClassifier(ClassifierMixin, BaseBP):
    """Neural-network classifier trained by back-propagation.

    A fully connected network, trained on mini-batches (or, with ``solver="lbfgs"``, on
    all rows at once). The objective is

        J = Σ_i s_i loss_i / Σ_i s_i + alpha / 2 * ||W||²

    with row weights s and the chosen loss summed over the outputs. Two classes use
    one output unit, more classes one unit each, and multilabel targets one unit a
    label. Reproducible bit for bit for the same `random_state` and the same number of
    BLAS threads; another number of threads sums in another order and differs in the
    last bits.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; empty for a network without hidden layers, which
        is logistic regression with the softmax and cross-entropy losses.
    activation : str or sequence of str, default="relu"
        Activation of all hidden layers, or one name for each: "identity",
        "logistic" (the lecture's sigmoid), "tanh", "tanh_opt" (1.7159 tanh(2z/3)),
        "relu", "leaky_relu" (slope 0.01), "elu", "selu", "gelu", "silu", "softplus" or
        "mish".
    loss : str, default="auto"
        "mse" or "squared_error": ½‖a - y‖² on sigmoid outputs a. "cross_entropy":
        -Σ_k [y_k log a_k + (1 - y_k) log(1 - a_k)] on sigmoid outputs. "softmax":
        -Σ_k y_k log a_k on a softmax layer; with two classes this is the same as
        "cross_entropy", and multilabel targets can't use it. "auto": "softmax" for
        several classes, "cross_entropy" for two and for multilabel targets.
    solver : {"adam", "sgd", "lbfgs"}, default="adam"
        "sgd" is plain gradient descent on mini-batches, with `momentum`. "lbfgs" is
        SciPy's full-batch quasi-Newton method, computed in float64; it suits a few
        thousand rows. Adam needs the least tuning.
    alpha : float, default=0.0
        Strength of the L2 penalty ``alpha / 2 * ||W||²`` that is added to the mean
        loss; biases are not penalised. It does not depend on the batch size:
        scikit-learn's ``alpha`` is ``batch_size`` times as large for the same effect
        (its default of 1e-4 is 5e-7 here, next to nothing; hence 0).
    batch_size : int or "auto", default="auto"
        Rows in a mini-batch; "auto" is ``min(200, n_samples)``. A larger number than
        there are rows makes one batch of all. "lbfgs" uses all rows at once.
    learning_rate : str, default="constant"
        Rate over time, for "sgd" and "adam". "constant". "invscaling":
        ``learning_rate_init / (t + 1) ** power_t`` with t the rows trained on before
        the epoch. "adaptive": divided by 5 whenever `n_iter_no_change` epochs in a row
        have not improved by `tol`, until it is 1e-6. "one_cycle": up from
        ``learning_rate_init / 25`` to `learning_rate_init` in the first 30 % of
        `max_iter` epochs, then down to ``learning_rate_init / 1e4``, each along a
        cosine; runs for all of `max_iter` and is the fastest way to a good network
        where the number of epochs is known.
    learning_rate_init : float, default=0.001
        Learning rate at the start; the highest one of "one_cycle". The default suits
        Adam; "sgd" usually wants more.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Epochs (for "lbfgs", iterations) at most.
    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch. One batch of all rows is never
        shuffled.
    random_state : int, RandomState instance or None, default=None
        Determines starting weights, the validation split and shuffling.
    tol : float, default=1e-4
        An epoch improves if its loss falls below the best one by more than this. For
        "lbfgs", the largest gradient component at which it has converged.
    verbose : bool, default=False
        Whether to print the progress of each epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit, optimiser state included. The
        network's shape, activations and loss must then be the same.
    momentum : float, default=0.9
        Momentum of "sgd", between 0 and 1; 0 is plain gradient descent.
    nesterovs_momentum : bool, default=True
        Whether the momentum of "sgd" is Nesterov's.
    early_stopping : bool, default=False
        Whether to hold out a part of the data, stop when its loss has not improved
        by `tol` for `n_iter_no_change` epochs, and return to the weights with the
        lowest validation loss. The split is stratified by
        class (not for multilabel targets).
    validation_fraction : float, default=0.1
        Share of the rows held out by `early_stopping`.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of Adam's estimates of the first and second moment.
    epsilon : float, default=1e-8
        Adam's guard against division by zero.
    n_iter_no_change : int or np.inf, default=10
        Epochs in a row without improvement after which training stops; infinity for
        never.
    max_fun : int, default=15000
        Evaluations of the objective at most, for "lbfgs".
    weight_init : str, default="auto"
        Distribution of the starting weights: "uniform" (±0.5, the lecture's),
        "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
        "lecun_normal" or "orthogonal". "auto" is He's for the rectifier family,
        LeCun's for "selu" and "tanh_opt", and Glorot's for the others and the output
        layer. Biases start at zero.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; for multilabel targets the numbers of the labels.
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each layer.
    loss_curve_ : list of float
        Objective of each epoch: the mean over its batches, each before its update.
        For "lbfgs", after each iteration.
    batch_loss_curve_ : ndarray of shape (n_updates,)
        Objective of every mini-batch before its update, over the life of the model.
    loss_, best_loss_ : float
        Last and lowest entry of `loss_curve_`.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss and accuracy on the held-out rows after each epoch, with `early_stopping`.
    best_validation_score_ : float or None
        The score at the weights that were kept, those with the lowest validation loss.
    n_iter_ : int
        Epochs (iterations) run.
    t_ : int
        Rows trained on, counted in every epoch.
    stop_reason_ : str
        Why training ended.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        Activation of the output layer.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` had names that are all strings.

    See Also
    --------
    BPRegressor : The same network for real-valued targets.

    Notes
    -----
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

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **BaseBP._parameter_constraints,
        "loss": [StrOptions({"auto", *LOSS_NAMES})],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        loss="auto",
        solver="adam",
        alpha=0.0,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        weight_init="auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
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

    @available_if(trains_in_passes)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X,
        y,
        classes=None,
        sample_weight=None,
        *,
        coef_init=None,
        intercept_init=None,
    ):
        """Pass once over the given rows in mini-batches, from where the model is.

        Training goes on from whatever the estimator holds: nothing yet, the result of
        `fit`, or a model loaded from a file.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels or a label indicator matrix.
        classes : array-like of shape (n_classes,), default=None
            All classes there will ever be. Needed on the first call; later it may be
            left out or must be the same.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative row weights; their ratios within the call matter.
        coef_init : list of array-like of shape (n_in, n_out), default=None
            Weights to go on from instead of the present ones.
        intercept_init : list of array-like of shape (n_out,), default=None
            Biases to go on from instead of the present ones.

        Returns
        -------
        self : object
            The estimator, trained further.

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, `y` has a class that is not among
            the classes, or training diverges. The estimator is then left as it was.
        """
        with unchanged_on_error(self):
            self._check_classes(classes)
            return self._fit_once(X, y, sample_weight, coef_init, intercept_init)

    def _check_classes(self, classes):
        fitted = hasattr(self, "_theta")
        if classes is None:
            if not fitted:
                raise ValueError(
                    "classes must be passed on the first call to partial_fit: the "
                    "labels of all classes there will be."
                )
            return
        classes = np.unique(np.asarray(classes))
        if not fitted:
            self.classes_ = classes
        elif not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes} is not the same as on the first call to "
                f"partial_fit or in fit: {self.classes_}."
            )

    def _encode(self, y, dtype, known):
        # On a first partial_fit the classes are known, but not yet whether they are
        # those of single labels.
        before = getattr(self, "_multilabel", None) if known else None
        self._multilabel = is_multilabel(y, before)
        encode = encode_indicators if self._multilabel else encode_classes
        targets, self.classes_ = encode(
            y, self.loss, dtype, self.classes_ if known else None
        )
        return targets

    def _score_raw(self, raw, targets, rows, weight):
        if targets.labels is None:
            truth, found = targets.y[:, rows].T.astype(int), self._codes(raw)
        else:
            truth, found = targets.labels[rows], self._codes(raw)
        return accuracy_score(truth, found, sample_weight=weight)

    def _codes(self, raw):
        # σ(z) > ½ exactly where z > 0, and all output activations keep the order.
        if self._multilabel:
            return (raw > 0).astype(int)
        if len(self.classes_) == 2:
            return (raw[:, 0] > 0).astype(int)
        return raw.argmax(axis=1)

    def predict(self, X):
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or the label indicator matrix.
        """
        codes = self._codes(self._raw(X))
        return codes if self._multilabel else self.classes_[codes]

    def decision_function(self, X):
        """Raw outputs of the network, before the output activation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            One column for two classes, given flat: positive for ``classes_[1]``.
        """
        raw = self._raw(X)
        return raw[:, 0] if self._one_unit() else raw

    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to one but for multilabel
            targets. See the class's notes for sigmoid outputs.
        """
        return probabilities(self._raw(X), self._kind())

    def predict_log_proba(self, X):
        """Logarithms of the probabilities, not rounded to probabilities first.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Natural logarithms, in the order of `classes_`.
        """
        return log_probabilities(self._raw(X), self._kind())

    def _one_unit(self):
        return not self._multilabel and len(self.classes_) == 2

    def _kind(self):
        if self._multilabel:
            return "labels"
        if self._one_unit():
            return "two classes"
        return self.out_activation_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.loss != "softmax"
        return tags
