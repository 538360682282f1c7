"""What dropout, noise, averages, one cycle, smoothed labels and members gain on MNIST.

    python benchmarks/bench_regularization.py [--rows 6000] [--seeds 5] [--best]

Test accuracy on the 10,000 test images, mean and deviation over seeds, of networks that
are trained on a part of the training images: that is where regularisation counts. Each
setting is on top of "one cycle", unless it says otherwise. Processor time is as a
multiple of "one cycle", which the compiled engine trains.

``--best`` trains 784-1000-1000 on all 60,000 images instead: one plain network, and
several of them together.
"""

import argparse
import time

import numpy as np

from skann import BPClassifier
from skann.datasets import load_mnist

ONE_CYCLE = {
    "hidden_layer_sizes": (300,),
    "solver": "adam",
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.003,
    "max_iter": 25,
    "batch_size": 100,
}
CONSTANT = {
    "learning_rate": "constant",
    "learning_rate_init": 0.001,
    "n_iter_no_change": np.inf,
}
DROPOUT = {"dropout": 0.3, "input_dropout": 0.1}
SETTINGS = {
    "constant rate": CONSTANT,
    'constant rate, `average="ema"`': CONSTANT | {"average": "ema"},
    'constant rate, `average="swa"`': CONSTANT | {"average": "swa"},
    "one cycle": {},
    'one cycle, `average="ema"`': {"average": "ema"},
    "`label_smoothing=0.1`": {"label_smoothing": 0.1},
    "`dropout=0.3`": {"dropout": 0.3},
    "`input_dropout=0.1`": {"input_dropout": 0.1},
    "`dropout=0.3`, `input_dropout=0.1`": DROPOUT,
    "`input_noise=0.2`": {"input_noise": 0.2},
    "`max_norm=2`": {"max_norm": 2.0},
    "`max_norm=2` and both dropouts": DROPOUT | {"max_norm": 2.0},
    "`max_grad_norm=1`": {"max_grad_norm": 1.0},
    "`alpha=1e-5`, `l1_ratio=1`": {"alpha": 1e-5, "l1_ratio": 1.0},
    "both dropouts, smoothing, ema": DROPOUT
    | {"label_smoothing": 0.1, "average": "ema"},
    '`normalization="batch"`': {"normalization": "batch"},
    '`normalization="layer"`': {"normalization": "layer"},
    "`skip_connection=True`": {"skip_connection": True},
    'weight decay of `solver="auto"`': {"solver": "auto", "max_iter": "auto"},
}
MEMBERS = {
    "one cycle": "members of one cycle",
    "`dropout=0.3`, `input_dropout=0.1`": "members with both dropouts",
}
BEST = ONE_CYCLE | {
    "hidden_layer_sizes": (1000, 1000),
    "learning_rate_init": 0.002,
    "max_iter": 40,
    "batch_size": 200,
    "dropout": 0.5,
    "input_dropout": 0.2,
    "average": "ema",
}


def settings_of(name):
    """Parameters of a row of the table."""
    own = dict(SETTINGS[name])
    if own.get("solver") == "auto":
        return {"hidden_layer_sizes": ONE_CYCLE["hidden_layer_sizes"]}
    return ONE_CYCLE | own


class Images:
    """Training and test images, with grey values from 0 to 1."""

    def __init__(self, n_rows):
        self.X, self.y = load_mnist(subset="train", return_X_y=True)
        self.X_test, self.y_test = load_mnist(subset="test", return_X_y=True)
        chosen = np.random.default_rng(0).permutation(len(self.X))[:n_rows]
        self.X, self.y = self.X[chosen], self.y[chosen]

    def trained(self, parameters, seed):
        """Accuracy, logarithms of probabilities and processor seconds of a network."""
        model = BPClassifier(random_state=seed, **parameters)
        start = time.process_time()
        model.fit(self.X, self.y)
        seconds = time.process_time() - start
        log_p = model.predict_log_proba(self.X_test)
        return self.accuracy(log_p), log_p, seconds

    def accuracy(self, log_p):
        """Share of the test images whose digit is the most likely one."""
        return float(np.mean(log_p.argmax(axis=1) == self.y_test.astype(int)))


def row(name, accuracies, seconds=None, base=None):
    """Print a row of the table, in per cent."""
    accuracies = 100 * np.array(accuracies)
    deviation = f" ± {accuracies.std(ddof=1):.2f}" if len(accuracies) > 1 else ""
    times = "" if seconds is None else f"{np.sum(seconds) / base:.1f}"
    print(f"| {name} | {accuracies.mean():.2f}{deviation} | {times} |", flush=True)


def compare(n_rows, n_seeds):
    """The table of all settings."""
    images, found = Images(n_rows), {}
    print("| setting | test accuracy | × processor time |\n|---|---|---|")
    names = sorted(SETTINGS, key=lambda name: name != "one cycle")
    for name in names:
        runs = [images.trained(settings_of(name), seed) for seed in range(n_seeds)]
        found[name] = runs
        seconds = [run[2] for run in runs]
        base = sum(run[2] for run in found["one cycle"])
        row(name, [run[0] for run in runs], seconds, base)
    for name, words in MEMBERS.items():
        mean = np.mean([run[1] for run in found[name]], axis=0)
        row(f"{n_seeds} {words}", [images.accuracy(mean)])


def best(n_seeds):
    """One large network with dropout on all images, and several together."""
    images, log_p = Images(None), []
    for seed in range(n_seeds):
        accuracy, own, seconds = images.trained(BEST, seed)
        log_p.append(own)
        together = images.accuracy(np.mean(log_p, axis=0))
        print(
            f"seed {seed}: {accuracy:.4f} in {seconds:.0f} s; {seed + 1} together: "
            f"{together:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--best", action="store_true")
    arguments = parser.parse_args()
    if arguments.best:
        best(arguments.seeds)
    else:
        compare(arguments.rows, arguments.seeds)
