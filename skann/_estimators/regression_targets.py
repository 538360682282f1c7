"""What a regressor makes of the targets that it is given: checked, then encoded."""

import numpy as np
from sklearn.utils.validation import _num_samples, column_or_1d

from .real_targets import real_targets, refuse_gaps
from .regression_losses import check_domain, loss_of, transformer_of
from .validation import check_targets


class RegressionTargets:
    """Targets of a regressor on their way to the network, gaps among them."""

    def _validate_pair(self, X, y, reset):
        y = self._real_targets(y)
        if self.missing_targets == "error":
            X, y = super()._validate_pair(X, y, reset)
        else:
            X, _ = super()._validate_pair(X, np.zeros(_num_samples(X)), reset)
        y = self._check_targets(y, X)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _real_targets(self, y):
        y = real_targets(y)
        if self.missing_targets == "error":
            refuse_gaps(y)
        return y

    def _check_targets(self, y, X):
        y, allow_nan = self._real_targets(y), self.missing_targets == "ignore"
        return check_targets(y, X, dtype="numeric", allow_nan=allow_nan)

    def _effective_weight(self, weight, transformer, targets):
        gaps = np.isnan(targets.y)
        if not gaps.any():
            return weight
        gaps = gaps.all(axis=0)
        weight = np.ones(len(gaps)) if weight is None else weight.copy()
        weight[gaps] = 0
        if not weight.any():
            raise ValueError("y has no target besides NaN in a row of positive weight.")
        return weight

    def _new_transformer(self, y, weight, classes):
        return transformer_of(self, y, weight)

    def _known_transformer(self, y, weight, partial):
        return self._transformer.updated(
            y, weight, normalize=self.normalize_y, reset=not partial
        )

    def _target_rescaling(self, transformer):
        return self._transformer.rescaling_to(transformer, self._progress.n_steps)

    def _encode(self, transformer, y, dtype):
        name, options = loss_of(self)
        check_domain(name, options, y)
        targets = transformer.transform(y, name, dtype)
        targets.loss_options = options
        return targets
