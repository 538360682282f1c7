"""Time a step against batch size, width and rows, all contenders in one picture.

20 features, two classes, one hidden layer of relu units, Adam, float32. The contenders
take turns, and each point is the median of the rounds. The last panel shows a whole
epoch against the number of rows: a straight line of slope one is a cost that grows with
the rows and nothing else.
"""

import argparse
import statistics

import matplotlib as mpl
import numpy as np
from contenders import Case, take_turns

mpl.use("Agg")
import matplotlib.pyplot as plt

BATCHES = (1, 4, 16, 64, 256, 1024, 4096)
WIDTHS = (4, 16, 64, 256, 1024)
ROWS = (10**3, 10**4, 10**5, 10**6)
COLOURS = {
    "skann": "C0",
    "scikit-learn": "C1",
    "PyTorch": "C3",
    "products": "0.6",
}


def case(n_rows, width, batch, seconds_a_step=3e-4):
    """A problem, with enough epochs for about a tenth of a second a timing."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 20), dtype=np.float32)
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(np.int64)
    n_steps = -(-n_rows // batch)
    epochs = max(1, round(0.1 / (n_steps * seconds_a_step)))
    return Case("", X, y, (width,), "relu", "adam", batch, epochs)


def panel(axes, values, problems, rounds, per_step, title):
    """Draw one panel; returns its points."""
    curves = {}
    for value, problem in zip(values, problems, strict=True):
        n_steps = -(-problem.X.shape[0] // problem.batch)
        for name, times in take_turns(problem, rounds).items():
            seconds = statistics.median(times)
            y = seconds / n_steps * 1e6 if per_step else seconds
            curves.setdefault(name, []).append(y)
        print(title, value, {name: f"{c[-1]:.3g}" for name, c in curves.items()})
    for name, curve in curves.items():
        axes.plot(values, curve, "o-", color=COLOURS[name], label=name, markersize=4)
    axes.set(xscale="log", yscale="log", xlabel=title)
    axes.set_ylabel("µs a step" if per_step else "seconds an epoch")
    axes.grid(alpha=0.3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--picture", default="steps.png")
    options = parser.parse_args()
    figure, panels = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    rounds = options.rounds
    problems = [case(4096, 100, batch) for batch in BATCHES]
    panel(panels[0], BATCHES, problems, rounds, True, "batch size (width 100)")
    problems = [case(4000, width, 200) for width in WIDTHS]
    panel(panels[1], WIDTHS, problems, rounds, True, "width (batches of 200)")
    problems = [case(n_rows, 100, 200) for n_rows in ROWS]
    panel(panels[2], ROWS, problems, rounds, False, "rows (width 100, batches of 200)")
    panels[0].legend()
    figure.savefig(options.picture, dpi=110)


if __name__ == "__main__":
    main()
