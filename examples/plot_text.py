"""
What does a network learn from text?
====================================

Reviews made of a few words become a wide sparse matrix, which is trained on as it is.
Which words speak for which side can be read off the gradients of the inputs.
"""

# %%

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Sparse TF-IDF and a network.")
parser.add_argument("--picture", type=Path, default="text.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_text"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# Reviews
# -------
# "not" turns the word after it around: to see that, pairs of words are features too.

GOOD = ["brilliant", "moving", "funny", "gripping", "warm"]
BAD = ["dull", "clumsy", "tedious", "flat", "cold"]
PLAIN = ["the", "film", "actors", "plot", "music", "story", "ending", "was", "with"]
rng = np.random.default_rng(0)


def review(good):
    words = list(rng.choice(PLAIN, 8))
    for _ in range(3):
        praised = rng.random() < (0.85 if good else 0.15)
        turned = rng.random() < 0.4
        said = rng.choice(GOOD if praised != turned else BAD)
        words.insert(rng.integers(len(words)), f"not {said}" if turned else str(said))
    return " ".join(words)


y = rng.integers(2, size=1200)
texts = [review(good) for good in y]
train, test = slice(0, 800), slice(800, None)
print(f"{texts[0]!r}: {'good' if y[0] else 'bad'}")

scores = {}
for n_words in (1, 2):
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, n_words), sublinear_tf=True),
        BPClassifier((20,), random_state=0),
    ).fit(texts[train], y[train])
    scores[n_words] = model.score(texts[test], y[test])
    X = model[0].transform(texts[test])
    filled = X.nnz / (X.shape[0] * X.shape[1])
    print(
        f"up to {n_words} words: {X.shape[1]} columns, {filled:.1%} of them not zero;"
    )
    print(f"    accuracy on new reviews {scores[n_words]:.3f}")

# %%
# What it has learnt
# ------------------

net = model[-1]
gradients = net.input_gradients(X).mean(axis=0)
names = model[0].get_feature_names_out()
order = np.argsort(gradients)
shown = np.r_[order[:8], order[-8:]]
print("Most for bad: ", ", ".join(names[order[:5]]))
print("Most for good:", ", ".join(names[order[:-6:-1]]))

# %%
# What to see
# -----------
# Words of praise on one side, of blame on the other, and their opposites with "not"
# crossed over.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    colors = np.where(gradients[shown] > 0, "tab:blue", "tab:orange")
    ax.barh(names[shown], gradients[shown], color=colors)
    ax.axvline(0, color="k", lw=0.8)
    ax.set(xlabel="mean derivative of the output: bad on the left, good on the right")
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")
