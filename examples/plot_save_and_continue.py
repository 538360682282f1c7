"""
Can training go on from a saved model?
======================================

A model is trained half of the way, saved with joblib, and loaded in another process. It
predicts what it predicted before, and training goes on there exactly as if it had never
stopped.
"""

# %%

import argparse
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skann import BPClassifier

parser = argparse.ArgumentParser(description="Save a model, load it, train on.")
parser.add_argument("--model", type=Path, default="half_way.joblib")
parser.add_argument("--picture", type=Path, default="save_and_continue.png")
# In a notebook the command line is the kernel's own.
is_script = Path(sys.argv[0]).stem == "plot_save_and_continue"
args = parser.parse_args(sys.argv[1:] if is_script else [])

# %%
# The first half
# --------------
# The digits that come with scikit-learn, 8 x 8 pixels from 0 to 16. ``partial_fit``
# passes over the rows once and keeps everything that the next pass needs: Adam's
# moments and the state of the random generator. All classes are named on the first
# call, because its rows need not hold them all.

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)

N_EPOCHS = 10
model = BPClassifier((50,), batch_size=50, random_state=0)
for _ in range(N_EPOCHS):
    model.partial_fit(X_train, y_train, classes=np.unique(y))
joblib.dump(model, args.model)
accuracy = model.score(X_test, y_test)
print(f"Test accuracy after {len(model.loss_curve_)} epochs: {accuracy:.4f}")

# %%
# Another process
# ---------------
# It loads the model, predicts, trains on and saves the result: nothing else is handed
# over. (A joblib file is a pickle: load only files that you trust, and with the
# versions of the packages that they were saved with. ``model.save_model`` writes files
# that are safe to load, and that later versions load as well.)

ELSEWHERE = """
import sys
import joblib
path, *_ = sys.argv[1:]
X_train, y_train, X_test, n_epochs = joblib.load(path + ".data")
model = joblib.load(path)
before = model.predict_proba(X_test)
for _ in range(n_epochs):
    model.partial_fit(X_train, y_train)
joblib.dump((before, model), path)
"""
data = args.model.with_name(args.model.name + ".data")
joblib.dump((X_train, y_train, X_test, N_EPOCHS), data)
subprocess.run([sys.executable, "-c", ELSEWHERE, args.model], check=True)
before, elsewhere = joblib.load(args.model)
data.unlink()
args.model.unlink()

same = np.array_equal(before, model.predict_proba(X_test))
print(f"Loaded elsewhere, the same probabilities bit for bit: {same}")

# %%
# What to see
# -----------
# The model that stayed here trains on as well, and ends with the same weights, bit for
# bit. The loss goes on falling where it was: a start from scratch would show as a jump.

for _ in range(N_EPOCHS):
    model.partial_fit(X_train, y_train)
same = all(
    np.array_equal(here, there)
    for here, there in zip(model.coefs_, elsewhere.coefs_, strict=True)
)
accuracy = elsewhere.score(X_test, y_test)
print(f"Test accuracy after {len(elsewhere.loss_curve_)} epochs: {accuracy:.4f}")
print(f"Trained on here and there, the same weights bit for bit: {same}")

try:
    import matplotlib.pyplot as plt
except ImportError:
    print('No picture without matplotlib: pip install "skann[plot]"')
else:
    figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
    epochs = elsewhere.history_["epoch"]
    ax.plot(epochs, elsewhere.loss_curve_, marker="o", color="tab:red")
    ax.axvline(N_EPOCHS + 0.5, color="gray", linestyle="--", label="saved and loaded")
    ax.set_xticks(epochs[1::2])
    ax.set_ylim(bottom=0)
    ax.set_xlabel("epoch")
    ax.set_ylabel("training loss")
    ax.legend()
    figure.savefig(args.picture, dpi=100)
    print(f"Picture: {args.picture}")
