"""Regret on 20 simulated tables with weak signals, whose best score is known.

Run ``OMP_NUM_THREADS=1 python benchmarks/weak_signals.py skann linear lightgbm``.
Regret is the share of a constant's excess loss that a model leaves:
(loss of the model - loss of the truth) / (loss of a constant - loss of the truth), on
20,000 fresh rows. 0 is the truth, 1 a constant, and more is worse than guessing. The
loss is the expected log-loss over the true probabilities of classes, and the mean
squared distance to the true mean of values. The constant is the best one on the fresh
rows. Each seed draws new data and is also the seed of the models.
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, softmax
from signals import (
    collect,
    expected_log_loss,
    make,
    options,
    predictions,
    print_table,
    probabilities,
    timed_fit,
    with_peers,
    write_json,
)

N_FRESH = 20_000


@dataclass(frozen=True)
class Case:
    """A table to draw.

    Parameters
    ----------
    name : str
    n_rows, n_columns : int
    target : {"classes", "values", "counts"}
    strength : float
        Standard deviation of the logits or of the logarithm of the expected count; of
        "values" the share of the variance that the mean explains.
    columns : {"normal", "correlated", "binary", "mixed"}
        "mixed" has binary columns, amounts with a log-normal distribution and normal
        columns, each with a scale of its own.
    bend : float
        Share of the score's variance that is not linear in the columns.
    active : int
        Number of columns that matter.
    n_classes : int
    positive : float
        Share of class 1 of two.
    noise : {"normal", "uneven", "heavy"}
        Of values: with constant variance, with a variance that depends on the columns,
        or Student's t with 3 degrees of freedom.
    """

    name: str
    n_rows: int
    n_columns: int
    target: str
    strength: float
    columns: str = "normal"
    bend: float = 0.0
    active: int = 20
    n_classes: int = 2
    positive: float = 0.5
    noise: str = "normal"

    @lru_cache(maxsize=1)  # noqa: B019, contenders take turns on the same rows
    def draw(self, seed, n_fresh=N_FRESH):
        """Draw training rows and fresh ones.

        Returns
        -------
        X, y : ndarray
        X_fresh : ndarray
        truth : ndarray
            Of the fresh rows: probabilities of the classes, or true means.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        columns = Columns(self.columns, self.n_columns, rng)
        truth = self.truth(columns, rng)
        X, hidden = columns.draw(self.n_rows, rng)
        X_fresh, hidden_fresh = columns.draw(n_fresh, rng)
        y = self.labels(truth(hidden), hidden, rng)
        return X, y, X_fresh, truth(hidden_fresh)

    def truth(self, columns, rng):
        """Return the function from standardised columns to probabilities or means."""
        n_scores = self.n_classes if self.n_classes > 2 else 1
        active = min(self.active, self.n_columns)
        scores = [Score(columns, active, self.bend, rng) for _ in range(n_scores)]

        if self.target == "values":
            return scores[0]
        _, reference = columns.draw(N_FRESH, rng)
        if self.target == "counts":
            return lambda hidden: 1.5 * np.exp(self.strength * scores[0](hidden))
        if self.n_classes > 2:
            return lambda hidden: softmax(
                self.strength * np.column_stack([score(hidden) for score in scores]), 1
            )
        logits = self.strength * scores[0](reference)
        shift = brentq(lambda b: expit(logits + b).mean() - self.positive, -30, 30)

        def of_two(hidden):
            p = expit(self.strength * scores[0](hidden) + shift)
            return np.column_stack([1 - p, p])

        return of_two

    def labels(self, truth, hidden, rng):
        """Draw targets of rows with these probabilities or means."""
        if self.target == "classes":
            drawn = rng.random((len(truth), 1)) > np.cumsum(truth, axis=1)
            return np.minimum(drawn.sum(axis=1), self.n_classes - 1)
        if self.target == "counts":
            return rng.poisson(truth).astype(np.float64)
        noise = rng.standard_normal(len(truth))
        if self.noise == "heavy":
            noise = rng.standard_t(3, len(truth)) / np.sqrt(3)
        if self.noise == "uneven":
            noise *= np.exp(0.7 * hidden[:, 0] - 0.49)
        return truth + np.sqrt(1 / self.strength - 1) * noise


class Columns:
    """Distribution of the columns of one table."""

    def __init__(self, kind, n_columns, rng):
        self.kind, self.n_columns = kind, n_columns
        n_factors = max(2, n_columns // 10)
        loadings = rng.standard_normal((n_factors, n_columns))
        self._loadings = loadings / np.linalg.norm(loadings, axis=0)
        self._shares = rng.uniform(0.08, 0.5, n_columns)
        self._scales = 10 ** rng.uniform(-2, 4, n_columns)

    def draw(self, n_rows, rng):
        """Return columns as a model sees them, and the standardised ones behind."""
        shape = (n_rows, self.n_columns)
        hidden = rng.standard_normal(shape)
        if self.kind == "correlated":
            factors = rng.standard_normal((n_rows, len(self._loadings)))
            hidden = np.sqrt(0.6) * (factors @ self._loadings) + np.sqrt(0.4) * hidden
        if self.kind == "normal" or self.kind == "correlated":
            return hidden, hidden
        flags = rng.random(shape) < self._shares
        spread = np.sqrt(self._shares * (1 - self._shares))
        if self.kind == "binary":
            return flags.astype(np.float64), (flags - self._shares) / spread
        # Every second column is binary, every fourth an amount.
        seen = hidden * self._scales
        amounts = slice(1, None, 4)
        seen[:, amounts] = np.exp(hidden[:, amounts]) * self._scales[amounts]
        hidden[:, ::2] = ((flags - self._shares) / spread)[:, ::2]
        seen[:, ::2] = flags[:, ::2]
        return seen, hidden


class Score:
    """A function of standardised columns with mean 0 and variance 1."""

    def __init__(self, columns, active, bend, rng):
        self._chosen = rng.permutation(columns.n_columns)[:active]
        self._linear = rng.standard_normal(active)
        self._bent = rng.standard_normal(active)
        _, reference = columns.draw(N_FRESH, rng)
        parts = self._parts(reference)
        spread = np.maximum(parts.std(axis=0), 1e-12)
        self._weights = np.sqrt([1 - bend, bend]) / spread
        combined = parts @ self._weights
        self._weights /= combined.std()
        self._mean = combined.mean() / combined.std()

    def __call__(self, hidden):
        return self._parts(hidden) @ self._weights - self._mean

    def _parts(self, hidden):
        """Linear part, and products of neighbours, kinks and saturating terms."""
        Z = hidden[:, self._chosen]
        bent = np.empty_like(Z)
        bent[:, ::3] = (Z * np.roll(Z, 1, axis=1))[:, ::3]
        bent[:, 1::3] = np.abs(Z[:, 1::3])
        bent[:, 2::3] = np.tanh(3 * Z[:, 2::3])
        return np.column_stack([Z @ self._linear, bent @ self._bent])


CASES = [
    Case("linear, 600 × 20", 600, 20, "classes", 1.0),
    Case("linear, correlated, 1,500 × 60", 1500, 60, "classes", 0.8, "correlated"),
    Case("two classes, 3,000 × 50", 3000, 50, "classes", 0.7, bend=0.2),
    Case("two classes, 6,000 × 30", 6000, 30, "classes", 0.7, bend=0.4),
    Case(
        "binary, 5,000 × 100",
        *(5000, 100, "classes", 0.8, "binary", 0.3, 40),
    ),
    Case(
        "10 % positive, 3,000 × 20",
        *(3000, 20, "classes", 0.9, "normal", 0.3),
        positive=0.1,
    ),
    Case(
        "10 % positive, 15,000 × 50",
        *(15000, 50, "classes", 1.0, "normal", 0.1),
        positive=0.1,
    ),
    Case(
        "11 % positive, 15,000 × 200",
        *(15000, 200, "classes", 0.9, "normal", 0.2, 40),
        positive=0.11,
    ),
    Case(
        "12 % positive, mixed, 15,000 × 60",
        *(15000, 60, "classes", 0.9, "mixed", 0.3),
        positive=0.12,
    ),
    Case(
        "10 % positive, correlated, 60,000 × 100",
        *(60000, 100, "classes", 0.7, "correlated", 0.4, 40),
        positive=0.1,
    ),
    Case("4 classes, 3,000 × 30", 3000, 30, "classes", 0.7, bend=0.2, n_classes=4),
    Case(
        "8 classes, binary, 12,000 × 50",
        *(12000, 50, "classes", 0.7, "binary", 0.3),
        n_classes=8,
    ),
    Case("values, 600 × 20", 600, 20, "values", 0.2, bend=0.3),
    Case(
        "values, linear, correlated, 2,000 × 50",
        *(2000, 50, "values", 0.12, "correlated"),
    ),
    Case("values, 15,000 × 200", 15000, 200, "values", 0.1, bend=0.1, active=60),
    Case(
        "uneven noise, 6,000 × 40",
        *(6000, 40, "values", 0.15, "normal", 0.4),
        noise="uneven",
    ),
    Case(
        "heavy tails, 4,000 × 30",
        *(4000, 30, "values", 0.15, "normal", 0.3),
        noise="heavy",
    ),
    Case("counts, 10,000 × 50", 10000, 50, "counts", 0.35, bend=0.3),
    Case("counts, binary, 3,000 × 100", 3000, 100, "counts", 0.4, "binary", 0.3, 30),
    Case("values, mixed, 60,000 × 50", 60000, 50, "values", 0.1, "mixed", 0.3),
]


def regret(truth, given):
    """Excess loss over the truth as a share of a constant's.

    Parameters
    ----------
    truth : ndarray of shape (n, n_classes) or (n,)
        True probabilities or true means.
    given : ndarray of the same shape
        A model's.
    """
    constant = np.broadcast_to(truth.mean(axis=0), truth.shape)
    if truth.ndim == 1:
        return np.mean((given - truth) ** 2) / np.mean((constant - truth) ** 2)
    best = expected_log_loss(truth, truth)
    excess = expected_log_loss(truth, given) - best
    return excess / (expected_log_loss(truth, constant) - best)


def measure(case, contender, seed, params):
    """Regret and processor seconds of one fit."""
    X, y, X_fresh, truth = case.draw(seed)
    model = make(contender, case.target == "classes", seed, params)
    seconds = timed_fit(model, X, y)
    if case.target == "classes":
        given = probabilities(model, X_fresh, case.n_classes)
    else:
        given = predictions(model, X_fresh)
    return {"regret": regret(truth, given), "s": seconds}


def main():
    given = options(__doc__)
    cases = {
        case.name: lambda *which, case=case: measure(case, *which) for case in CASES
    }
    results = collect(cases, given)
    summaries = [("mean", np.mean), ("worst", np.max)]
    print_table(with_peers(results, given), ["regret"], summaries=summaries)
    summary = {
        contender: {
            name: function([np.mean(row["regret"]) for row in rows.values()])
            for name, function in summaries
        }
        for contender, rows in results.items()
    }
    write_json(given.json, "weak_signals.py", given, results, summary)


if __name__ == "__main__":
    main()
