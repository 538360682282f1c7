"""What readers of the examples, the README and the documentation should see.

Each example runs as its reader would run it: as a script, in a process and a directory
of its own, here with one thread, so that "the same bit for bit" does not depend on the
machine. A warning that the reader would see is an error. (Not every warning is, as with
``-W error``: pyparsing takes the option as a wish to check the style of matplotlib.)
"""

import doctest
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skann._optimize.optimizers import OPTIMIZERS

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"

# Arguments that make a script quick; none where it is quick as it is. A new example
# joins here and in READER_SEES.
ARGUMENTS = {
    "plot_lecture_mnist": [],
    "plot_xor": [],
    "plot_grid_search": ["--search-rows", "1500", "--train-rows", "6000"],
    "plot_grid_search_xor": [],
    "plot_learning_rates": ["--seeds", "1"],
    "plot_save_and_continue": [],
    "plot_second_order": [],
    "plot_validation_data": [],
    "plot_class_weight": [],
    "plot_tabular": [],
    "plot_perceptron": [],
    "plot_perceptron_mistakes": [],
    "plot_random_fronts": ["--fronts", "15"],
    "plot_bad_start": [],
    "plot_vanishing_gradients": [],
    "plot_what_is_missing": [],
    "plot_dask": [],
    "plot_optimizers": [],
    "plot_regularization": [],
    "plot_text": [],
    "plot_mixed_columns": [],
    "plot_calibration": [],
    "plot_permutation_importance": [],
    "plot_feature_extractor": [],
    "plot_digits": [],
    "plot_xor_training": [],
    "plot_stream": [],
}


def run(*command, cwd, path=()):
    """Output of Python with that command line; an error if it fails or warns."""
    paths = [*path, ROOT, os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, filter(None, paths))),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr, result.stderr
    return result.stdout


def numbers(pattern, output):
    """The groups of the one match of ``pattern``, as floats."""
    (found,) = re.findall(pattern, output)
    return [float(each) for each in ([found] if isinstance(found, str) else found)]


def sees_lecture_accuracies(output):
    for loss in ("mse", "cross_entropy"):
        ours, lecture = numbers(rf"{loss} +([\d.]+) +- +([\d.]+)", output)
        # Four standard deviations over seeds for the one that varies most.
        assert ours == pytest.approx(lecture, abs=0.014)
    (softmax,) = numbers(r"softmax +([\d.]+) +- +none", output)
    assert softmax > 0.9


def sees_who_solves_xor(output):
    assert "drawn by chance: 3 of 4 right" in output
    assert "without a hidden layer: 2 of 4 right" in output
    assert "The lecture's steps: 4 of 4 right" in output
    assert "G of [1, 1]: 1\nG of [1, -1]: -1\n" in output
    assert "steep sigmoids: 4 of 4 right" in output
    assert "8 hidden neurons: all four right from 20 of 20 seeds" in output


def sees_ranked_candidates(output):
    means = re.findall(r"^ *([\d.]+) +[\d.]+ +\w+Scaler +\(\d+,\)$", output, re.M)
    assert len(means) == 6
    assert means == sorted(means, reverse=True)
    (accuracy,) = numbers(r"trained on 6000 rows: ([\d.]+)", output)
    assert accuracy > 0.9


def sees_one_winner(output):
    one, two = re.findall(r"Best with \d jobs?: (.*)", output)
    assert one == two
    assert "All 18 scores the same bit for bit: True" in output
    (accuracy,) = numbers(r"Test accuracy of the best: ([\d.]+)", output)
    assert accuracy > 0.95


def sees_schedules_make_up_for_a_high_rate(output):
    (suggested,) = numbers(r"Suggested learning rate: ([\d.]+)", output)
    assert 0.0005 < suggested < 0.01
    rows = re.findall(r"^(\w[\w -]*?) +(0\.\d+) +(0\.\d+)$", output, re.M)
    high = {name: float(accuracy) for name, _, accuracy in rows}
    assert len(high) == 8
    assert min(float(accuracy) for _, accuracy, _ in rows) > 0.91
    for name, accuracy in high.items():
        if name not in ("constant", "adaptive"):
            assert accuracy > high["constant"]


def sees_training_go_on(output):
    assert output.count("bit for bit: True") == 2
    (half_way,) = numbers(r"after 10 epochs: ([\d.]+)", output)
    (in_the_end,) = numbers(r"after 20 epochs: ([\d.]+)", output)
    assert in_the_end > half_way


def sees_when_newton_pays(output):
    middle, final = {}, {}
    for block in output.strip().split("\n\n"):
        title, _, *rows = block.split("\n")
        for column, losses in ((2, middle), (3, final)):
            cells = [row.split() for row in rows[:5]]
            losses[title] = {row[0]: float(row[column]) for row in cells}
    unscaled = final["linear, features as they come"]
    assert unscaled["newton-cg"] < unscaled["lbfgs"] - 1e-3
    assert unscaled["trust-ncg"] < unscaled["lbfgs"] - 1e-3
    network = middle["a network for a sine"]
    assert network["lbfgs"] < min(network["newton-cg"], network["trust-ncg"]) / 5
    scaled = final["linear, features scaled"]
    assert max(scaled.values()) - min(scaled.values()) < 1e-5


def sees_the_best_epoch_kept(output):
    assert "did not improve" in output
    (n_epochs,) = numbers(r"Stopped after (\d+) epochs", output)
    (best,) = numbers(r"those of epoch (\d+)", output)
    assert best < n_epochs < 200
    assert "Scaled by hand, the same validation losses: True" in output
    scaled, raw = numbers(r"scaled and not: ([\d.]+) ([\d.]+)", output)
    assert scaled < 0.7 < 2 < raw
    (accuracy,) = numbers(r"Test accuracy: ([\d.]+)", output)
    assert accuracy > 0.86


def sees_what_weights_buy(output):
    pattern = r"^{} +([\d.]+) +([\d.]+) +(\d+) of 50 +(\d+)$"
    names = ("none", re.escape("{1: 5}"), "balanced")
    rows = [re.search(pattern.format(name), output, re.M).groups() for name in names]
    accuracy, balanced, found, alarms = zip(
        *([float(value) for value in row] for row in rows), strict=True
    )
    assert accuracy[0] > accuracy[1] > accuracy[2]
    assert balanced[0] < balanced[1] < balanced[2] + 0.02
    assert balanced[2] > balanced[0] + 0.05
    assert found[0] < found[1] < found[2]
    assert alarms[0] < alarms[1] < alarms[2]


def sees_a_raw_table_understood(output):
    assert "number: 3, category: 2, date: 1, text: 1" in output
    out_of_fold, test = numbers(
        r"out of fold ([\d.]+), on the test rows ([\d.]+)", output
    )
    assert test == pytest.approx(out_of_fold, abs=0.05)
    (trees,) = numbers(r"without the text: ([\d.]+)", output)
    assert test > trees > 0.5
    (island,) = numbers(r"on the island: (\d+)", output)
    assert 200 < island < 2000
    found = dict(re.findall(r"^(\w+) +(-?0\.\d+)$", output, re.M))
    assert next(iter(found)) == "space"
    assert list(found)[-1] == "agent"
    assert "{'estimator__max_iter': 30}" in output
    assert "the same predictions: True" in output
    levels = re.findall(r"^(centre|harbour|hills|mill|north) +(-?\d+)$", output, re.M)
    assert [int(value) for _, value in levels] == pytest.approx(
        [300, 150, 100, -80, 0], abs=40
    )


def sees_where_the_rule_ends(output):
    assert output.count("Perceptron, bit for bit: True") == 2
    assert "a line divides them: accuracy 1.000" in output
    first, last = numbers(r"a line .* first pass (\d+), last (\d+)", output)
    assert first > last == 0
    _, last = numbers(
        r"exclusive or: wrong in the first pass (\d+), last (\d+)", output
    )
    assert last > 50
    (learnt,) = numbers(r"back-propagation: ([\d.]+)", output)
    assert learnt > 0.95


def sees_what_fronts_decide(output):
    fronts, learnt = output.split("Back-propagation")
    rows = {
        int(size): (float(worst), float(median))
        for size, worst, median in re.findall(
            r"^ +(\d+) +([\d.]+) +([\d.]+) +[\d.]+$", fronts, re.M
        )
    }
    medians = [median for _, median in rows.values()]
    assert medians == sorted(medians)
    assert rows[5][0] < 0.75 < 0.9 < rows[100][1]
    found = dict(re.findall(r"^ +(\d+) +([\d.]+)$", learnt, re.M))
    assert all(float(found[size]) > 0.95 for size in ("5", "10", "30", "100"))


def sees_mistakes_below_the_bound(output):
    rows = re.findall(r"^(0\.\d+) +(\d+) +(\d+) +\d+$", output, re.M)
    assert len(rows) == 5
    assert all(0 < int(made) < int(bound) for _, made, bound in rows)
    assert "Exclusive or: 4 mistakes in the 50th pass" in output


def sees_cross_entropy_leave_a_bad_start(output):
    slow, _ = numbers(r"mse +: half its loss after (\d+) epochs.*p = ([\d.]+)", output)
    fast, right = numbers(
        r"cross_entropy: half its loss after (\d+) epochs.*p = ([\d.]+)", output
    )
    assert 0 < 20 * fast < slow
    assert right > 0.99
    assert "At z = 6: 0.0025 and 0.9975" in output


def sees_gradients_vanish(output):
    ratios = dict(re.findall(r"^(\w+) +last / first layer: (\S+)$", output, re.M))
    assert float(ratios["logistic"]) > 1e3
    assert 0.1 < float(ratios["relu"]) < 10
    scores = re.findall(r"^(\w+)((?: +[01]\.\d\d){4})$", output, re.M)
    accuracy = {name: [float(x) for x in row.split()] for name, row in scores}
    assert accuracy["logistic"][0] > 0.9
    assert accuracy["logistic"][3] < 0.2
    assert min(accuracy["tanh"] + accuracy["relu"]) > 0.9


def sees_what_activations_and_neighbours_do(output):
    identity, tanh = numbers(r"identity: ([\d.]+) of .*\ntanh +: ([\d.]+) of", output)
    (line,) = numbers(r"a straight line: ([\d.]+)", output)
    assert identity == pytest.approx(line, abs=0.02)
    assert tanh > 0.99 > 0.8 > line
    as_it_is, mixed = numbers(r"MNIST: ([\d.]+), with .* mixed: ([\d.]+)", output)
    assert mixed == pytest.approx(as_it_is, abs=0.01)
    shifted = re.findall(r"shifted by \d pixels: ([\d.]+)", output)
    assert float(shifted[0]) > 0.95
    assert float(shifted[4]) < 0.5


def sees_what_sorted_rows_cost(output):
    rows = re.findall(r"test accuracy ([\d.]+), .* at least ([\d.]+)$", output, re.M)
    one_machine, any_order, by_class, every_step = (
        tuple(map(float, row)) for row in rows
    )
    for final, _ in (any_order, by_class, every_step):
        assert final > one_machine[0] - 0.03
    # In the middle, at the highest learning rates.
    assert by_class[1] < min(any_order[1], every_step[1]) - 0.03


def sees_solvers_come_down(output):
    found = dict(re.findall(r"^(\w+) +loss ([\d.]+), accuracy [\d.]+$", output, re.M))
    losses = {name: float(loss) for name, loss in found.items()}
    assert len(losses) == 8
    assert max(losses.values()) < 0.03
    assert losses["lbfgs"] <= min(losses.values()) + 1e-4


def sees_overfitting_held_back(output):
    rows = re.findall(r"^(\S+) *: accuracy ([\d.]+) .*, ([\d.]+) of new", output, re.M)
    seen = {name: (float(own), float(new)) for name, own, new in rows}
    assert seen["nothing"][0] == max(own for own, _ in seen.values())
    assert seen["early_stopping=True"][1] > seen["nothing"][1]
    assert len(seen) == 4


def sees_words_read_in_pairs(output):
    one, two = map(float, re.findall(r"accuracy on new reviews ([\d.]+)", output))
    assert two > one + 0.05
    (bad,) = re.findall(r"Most for bad: +(.*)", output)
    assert "not " in bad


def sees_categories_tell(output):
    rows = dict(re.findall(r"^(\w[\w ]*?) +(0\.\d{3})$", output, re.M))
    common, numbers_only = rows["the commonest answer"], rows["numbers only"]
    assert float(numbers_only) < float(common) + 0.1
    for name in ("ColumnTransformer", "TabularClassifier"):
        assert float(rows[name]) > float(numbers_only) + 0.15


def sees_who_is_too_sure(output):
    losses = list(map(float, re.findall(r"log-loss ([\d.]+)$", output, re.M)))
    long, defaults, calibrated = losses
    assert long > max(defaults, calibrated)


def sees_chance_come_last(output):
    (accuracy,) = numbers(r"on the test rows: ([\d.]+)", output)
    assert accuracy > 0.94
    assert min(numbers(r"of chance are number (\d+) and (\d+)", output)) > 8


def sees_what_hidden_units_keep(output):
    rows = re.findall(r"^(.*?) *: accuracy ([\d.]+)$", output, re.M)
    found = {name: float(accuracy) for name, accuracy in rows}
    assert found["plane of hidden units"] > found["plane of pixels"] + 0.05
    assert found["7, 8, 9 by pixels"] > found["7, 8, 9 by hidden units"]


def sees_confident_mistakes(output):
    (accuracy,) = numbers(r"Test accuracy: ([\d.]+)", output)
    wrong, surely = numbers(r"Wrong: (\d+), in (\d+)", output)
    assert accuracy > 0.9
    assert 0 < surely < wrong / 2


def sees_the_answer_fold(output):
    found = re.findall(r"^epoch +\d+: accuracy ([\d.]+)$", output, re.M)
    assert len(found) == 6
    assert float(found[0]) < 0.76 < 0.98 < float(found[-1])


def sees_who_follows_the_stream(output):
    pattern = r"before ([\d.]+), just after ([\d.]+), in the end ([\d.]+)"
    follows, stopped = (map(float, row) for row in re.findall(pattern, output))
    before, after, end = follows
    assert after < 0.6 < 0.85 < min(before, end)
    assert list(stopped)[-1] < 0.5
    assert "each once: 12000" in output


READER_SEES = {
    "plot_lecture_mnist": sees_lecture_accuracies,
    "plot_xor": sees_who_solves_xor,
    "plot_grid_search": sees_ranked_candidates,
    "plot_grid_search_xor": sees_one_winner,
    "plot_learning_rates": sees_schedules_make_up_for_a_high_rate,
    "plot_save_and_continue": sees_training_go_on,
    "plot_second_order": sees_when_newton_pays,
    "plot_validation_data": sees_the_best_epoch_kept,
    "plot_class_weight": sees_what_weights_buy,
    "plot_tabular": sees_a_raw_table_understood,
    "plot_perceptron": sees_where_the_rule_ends,
    "plot_random_fronts": sees_what_fronts_decide,
    "plot_perceptron_mistakes": sees_mistakes_below_the_bound,
    "plot_bad_start": sees_cross_entropy_leave_a_bad_start,
    "plot_vanishing_gradients": sees_gradients_vanish,
    "plot_what_is_missing": sees_what_activations_and_neighbours_do,
    "plot_dask": sees_what_sorted_rows_cost,
    "plot_optimizers": sees_solvers_come_down,
    "plot_regularization": sees_overfitting_held_back,
    "plot_text": sees_words_read_in_pairs,
    "plot_mixed_columns": sees_categories_tell,
    "plot_calibration": sees_who_is_too_sure,
    "plot_permutation_importance": sees_chance_come_last,
    "plot_feature_extractor": sees_what_hidden_units_keep,
    "plot_digits": sees_confident_mistakes,
    "plot_xor_training": sees_the_answer_fold,
    "plot_stream": sees_who_follows_the_stream,
}


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.stem)
def test_example(script, tmp_path):
    pytest.importorskip("matplotlib")
    if script.stem == "plot_dask":
        pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
    arguments = ["--picture", "picture.png", *ARGUMENTS[script.stem]]
    output = run(script, *arguments, cwd=tmp_path)
    READER_SEES[script.stem](output)
    assert "Picture: picture.png" in output
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_main_job_runs_without_matplotlib(tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "matplotlib.py").write_text("raise ImportError('not installed')")
    script = EXAMPLES / "plot_lecture_mnist.py"
    output = run(script, cwd=tmp_path, path=[hidden])
    sees_lecture_accuracies(output)
    assert 'pip install "skann[plot]"' in output
    assert not list(tmp_path.glob("*.png"))


def test_more_seeds_give_a_spread(tmp_path):
    script = EXAMPLES / "plot_lecture_mnist.py"
    output = run(script, "--seeds", "2", cwd=tmp_path)
    _, spread = numbers(r"mse +([\d.]+) +([\d.]+) ", output)
    assert 0 < spread < 0.02


def test_readme_lists_every_example():
    listed = re.findall(r"^\| `(plot_\w+\.py)` \| (.*) \|$", text("README.md"), re.M)
    scripts = EXAMPLES.glob("*.py")
    titles = {path.name: path.read_text("utf-8").split("\n")[1] for path in scripts}
    assert dict(listed) == titles


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def python_blocks(name):
    return re.findall(r"^```python\n(.*?)^```$", text(name), re.M | re.S)


def test_readme_code_prints_what_it_says(tmp_path):
    (code,) = python_blocks("README.md")
    said = re.findall(r"^print\(.*\)  # (.*)$", code, re.M)
    assert run("-c", code, cwd=tmp_path).split("\n")[:-1] == said


# The lecture's pages have a test of their own.
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "guide/*.md", "migration/*.md")
    for path in ROOT.glob(f"docs/{pattern}")
    if python_blocks(f"docs/{path.relative_to(ROOT / 'docs')}")
)
# Code in other frameworks, to compare with.
FOREIGN = ("# Keras\n",)


@pytest.mark.parametrize("page", PAGES)
def test_documentation_has_no_code_that_is_not_run(page):
    for code in python_blocks(page):
        assert code.startswith((">>> ", *FOREIGN))


# What a section's code may import besides, and what must be installed for it.
OPTIONAL = {
    "anywidget": "anywidget",
    "dask": "distributed",
    "h5py": "h5py",
    "matplotlib": "matplotlib",
    "onnx": "onnx",
    "pyarrow": "pyarrow",
    "shap": "shap",
    "skl2onnx": "skl2onnx",
    "sklearn.callback": "sklearn.callback",
    "skrub": "skrub",
    "zarr": "zarr",
}


def package_of(section):
    """The optional package that a section's code imports, or None."""
    for name, package in OPTIONAL.items():
        if re.search(rf"^>>> (?:import|from) {name}\b", section, re.M):
            return package
    return None


def sections(page):
    """The page's sections with the package that each needs; if the first, then all."""
    parts = re.split(r"^(?=## )", text(page), flags=re.M)
    needed = [package_of(part) for part in parts]
    return [(part, needed[0] or own) for part, own in zip(parts, needed, strict=True)]


def cases():
    """Pages, and with each package that some of their sections need."""
    return [
        pytest.param(page, package, id=f"{page} {package or ''}".strip())
        for page in PAGES
        for package in sorted({own for _, own in sections(page)}, key=str)
    ]


@pytest.mark.parametrize(("page", "package"), cases())
def test_documentation_examples(page, package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for the files that they write
    if package is not None:
        pytest.importorskip(package, reason=f"{package} is not installed")
    source = "\n".join(
        code
        for part, own in sections(page)
        if own in (None, package)
        for code in re.findall(r"^```python\n(.*?)^```$", part, re.M | re.S)
    )
    test = doctest.DocTestParser().get_doctest(source, {}, page, None, 0)
    results = doctest.DocTestRunner().run(test)
    assert results.attempted > 0
    assert results.failed == 0


def test_documentation_lists_every_optimiser():
    listed = {
        name: (kind, re.findall(r"`(\w+)`", settings))
        for name, kind, settings in re.findall(
            r'^\| `"(\w+)"` \| `(\w+)` \| .* \| (.*) \|$', text("docs/solvers.md"), re.M
        )
    }
    for name, kind in OPTIMIZERS.items():
        settings = list(inspect.signature(kind).parameters)
        assert listed[name] == (kind.__name__, settings)
