"""The compiled engine in a process: signals, forks, threads, imports.

What could end or hang a process is done in one of its own.
"""

import os
import subprocess
import sys
import textwrap

import pytest

from skann._engine.native import binding

pytestmark = pytest.mark.skipif(
    not binding.is_compiled(), reason="the compiled engine is not there"
)
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

START = """
import os, signal, sys, threading, time, warnings
import numpy as np
from scipy import sparse
from skann import BPClassifier, BPRegressor
from skann._engine.native import binding

def n_threads_of(process="self"):
    return len(os.listdir(f"/proc/{process}/task"))

def interrupt_after(seconds):
    signal.setitimer(signal.ITIMER_REAL, seconds)

def interrupt_training_after(seconds):
    # From when the memory for the first training has been allocated.
    make = binding.training
    def training(*arguments, **options):
        binding.training = make
        made = make(*arguments, **options)
        interrupt_after(seconds)
        return made
    binding.training = training

def raise_interrupt(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, raise_interrupt)
rng = np.random.default_rng(0)
"""


def run(code, n_threads=2, **environment):
    """What a process prints, that has as many threads to train on."""
    setting = f"\nbinding.n_threads = lambda step_work, call_work: {n_threads}\n"
    result = subprocess.run(
        [sys.executable, "-c", START + setting + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@posix
@pytest.mark.parametrize("n_threads", [1, 2])
class TestInterrupts:
    """Without one, each of these would take much longer than the test may."""

    def test_of_predict(self, n_threads):
        found = run(
            """
            X = rng.normal(size=(200, 60)).astype(np.float32)
            model = BPClassifier((1000, 1000), max_iter=1, solver="sgd")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(X, X[:, 0] > 0)
            rows = np.broadcast_to(X[0], (10**7, 60))
            interrupt_after(0.3)
            try:
                binding.raw_outputs(model._network, model._theta, rows)
            except KeyboardInterrupt:
                print("interrupted")
            print(model.predict(X).shape)
            """,
            n_threads,
        )
        assert found == ["interrupted", "(200,)"]

    @pytest.mark.parametrize(
        "settings",
        [
            "solver='sgd', batch_size=1",
            "solver='adam', batch_size=20_000",
            "solver='lion', batch_size=20_000",
            "solver='sgd', batch_size=2_000",
        ],
    )
    def test_of_fit(self, n_threads, settings):
        found = run(
            f"""
            X = rng.normal(size=(100_000, 60)).astype(np.float32)
            model = BPClassifier((500, 500), max_iter=10**6, {settings})
            interrupt_training_after(0.5)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                model.fit(X, X[:, 0] > 0)
            print(caught[0].message)
            print(model.stop_reason_, np.isfinite(model.coefs_[0]).all())
            print(model.predict(X[:3]).shape)
            """,
            n_threads,
        )
        assert " ".join(found) == (
            "Training interrupted by user. interrupted by user True (3,)"
        )

    def test_of_a_full_batch_solver(self, n_threads):
        found = run(
            """
            X = rng.normal(size=(100_000, 60))
            model = BPClassifier((500, 500), solver="lbfgs", max_iter=10**6)
            interrupt_training_after(0.5)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                print(model.fit(X, X[:, 0] > 0).stop_reason_)
            """,
            n_threads,
        )
        assert " ".join(found) == "interrupted by user"

    def test_a_step_is_taken_as_a_whole_or_not_at_all(self, n_threads):
        # Steps of one batch of all rows do not depend on the order of rows: weights
        # must be those after some number of steps.
        found = run(
            """
            X = rng.normal(size=(5_000, 60)).astype(np.float32)
            y = X[:, 0] > 0
            settings = dict(batch_size=5_000, solver="sgd", random_state=0, tol=0)
            model = BPClassifier((300, 300), max_iter=10**6, **settings)
            warnings.simplefilter("ignore")
            interrupt_training_after(0.7)
            model.fit(X, y)
            twin = BPClassifier((300, 300), max_iter=1, warm_start=True, **settings)
            for _ in range(model.n_iter_ + 1):
                twin.fit(X, y)
                if all(map(np.array_equal, twin.coefs_, model.coefs_)):
                    print("found")
            """,
            n_threads,
        )
        assert found == ["found"]

    def test_handlers_see_numbers_as_they_are(self, n_threads):
        # The engine counts subnormal numbers as zero; Python does not.
        found = run(
            """
            seen = []
            def handler(number, frame):
                seen.append(float(np.float64(sys.float_info.min) / 2))
                raise KeyboardInterrupt
            signal.signal(signal.SIGALRM, handler)
            X = rng.normal(size=(100_000, 60))
            model = BPClassifier(
                (100,), batch_size=100, max_iter=10**6, solver="adam", tol=0
            )
            interrupt_training_after(0.5)
            warnings.simplefilter("ignore")
            model.fit(X, X[:, 0] > 0)
            print(seen[0] > 0)
            """,
            n_threads,
        )
        assert found == ["True"]

    def test_a_handler_that_calls_the_object_is_refused(self, n_threads):
        found = run(
            """
            from skann._engine.native.training import FusedEpochs
            def handler(number, frame):
                for call in (training.flush, lambda: training.run(
                    None, 0, 1, None, 0.0, 0, 0.0, np.inf)):
                    try:
                        call()
                    except RuntimeError as error:
                        print("running" in str(error))
                raise KeyboardInterrupt
            signal.signal(signal.SIGALRM, handler)
            X = rng.normal(size=(100_000, 60))
            theta = np.zeros(60 * 100 + 100 + 100 + 1)
            training = binding._compiled.Training(
                (60, 100, 1), (4,), 0, (), (), theta,
                (2, 0.0, False, 0.0, 0.0, 0.0, False, 0.0, 0.0, 0.0), (), X, None,
                X[:, :1].T.copy(), None, 1, True, 1,
            )
            interrupt_after(0.2)
            try:
                while True:
                    training.run(None, 0, 100_000, None, 0.0, 0, 0.0, np.inf)
            except KeyboardInterrupt:
                training.flush()
                print(training.n_done > 0)
            """,
            n_threads,
        )
        assert found == ["True"] * 3


@posix
class TestForks:
    CASE = """
    X = rng.normal(size=(2_000, 60))
    X[X < 1] = 0
    y = (X[:, 0] > 0).astype(int)
    X = {storage}(X)
    """

    @pytest.mark.parametrize("storage", ["np.asarray", "sparse.csr_array"])
    @pytest.mark.parametrize("n_threads", [1, 3])
    def test_inside_fit(self, storage, n_threads):
        code = (
            self.CASE.format(storage=storage)
            + """
    children = []
    def scorer(model, X, y):
        if not children:
            children.append(os.fork())
            if not children[0]:
                # In the child training goes on as well, to the end.
                children[0] = -1
        return model.score(X, y)
    model = BPClassifier(
        (40, 40), early_stopping=True, scoring=scorer, max_iter=3, random_state=0,
        solver="sgd",
    )
    warnings.simplefilter("ignore")
    model.fit(X, y)
    np.set_printoptions(precision=17)
    if children[0] > 0:
        assert os.waitpid(children[0], 0)[1] == 0
    print(model.coefs_[0][0, 0], model.predict_proba(X[:2])[0, 0], flush=True)
    del model
    os._exit(0)
    """
        )
        child_weight, child_output, weight, output = run(code, n_threads)
        assert (child_weight, child_output) == (weight, output)

    @pytest.mark.parametrize(
        ("call", "n_threads"),
        [
            ("model.fit(X, X[:, 0] > 0)", 1),
            ("model.fit(X, X[:, 0] > 0)", 3),
            ("binding.raw_outputs(fitted._network, fitted._theta, rows)", 3),
        ],
        ids=["fit, one thread", "fit", "predict"],
    )
    def test_handler_that_forks_is_an_error_in_the_child_alone(self, call, n_threads):
        found = run(
            f"""
            children = []
            def handler(number, frame):
                children.append(os.fork())
            signal.signal(signal.SIGALRM, handler)
            X = rng.normal(size=(30_000, 60)).astype(np.float32)
            warnings.simplefilter("ignore")
            fitted = BPClassifier((300,), max_iter=1).fit(X[:100], X[:100, 0] > 0)
            rows = np.broadcast_to(X[0], (1_000_000, 60))
            model = BPClassifier((300,), batch_size=1, solver="sgd", max_iter=1)
            error = None
            begin = interrupt_after if "rows" in "{call}" else interrupt_training_after
            begin(0.1)
            try:
                {call}
            except RuntimeError as caught:
                error = str(caught)
            if children[0]:
                os.waitpid(children[0], 0)
                print("parent", error, flush=True)
            else:
                print("child", "forked" in error, hasattr(model, "coefs_"), flush=True)
            os._exit(0)
            """,
            n_threads,
        )
        assert found == ["child", "True", "False", "parent", "None"]

    def test_leave_no_threads_to_warn_of(self):
        # Python warns of forks in a process of several threads, from 3.12 on.
        found = run(
            TestForks.CASE.format(storage="np.asarray")
            + """
    warnings.simplefilter("ignore")
    model = BPClassifier((40, 40), max_iter=2, solver="sgd").fit(X, y)
    warnings.simplefilter("error")
    child = os.fork()
    if not child:
        print(model.predict(X).shape, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(model.predict(X).shape)
    """,
            3,
            OMP_NUM_THREADS="1",
        )
        assert found == ["(2000,)", "(2000,)"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs /proc")
class TestThreadsOfTheProcess:
    def test_errors_that_are_kept_keep_none(self):
        found = run(
            """
            X = rng.normal(size=(500, 20))
            kept = []
            before = n_threads_of()
            for i in range(30):
                def scorer(model, X, y):
                    raise ZeroDivisionError
                try:
                    BPClassifier((40,), early_stopping=True, scoring=scorer).fit(
                        X, X[:, 0] > 0
                    )
                except ZeroDivisionError as error:
                    kept.append(error)
            print(len(kept), n_threads_of() - before)
            """,
            4,
        )
        assert found == ["30", "3"]

    def test_are_as_many_as_run_at_once(self):
        found = run(
            """
            X = rng.normal(size=(500, 20))
            y = X[:, 0] > 0
            before = n_threads_of()
            models = [
                BPClassifier((40,), max_iter=30, random_state=0) for _ in range(4)
            ]
            warnings.simplefilter("ignore")
            threads = [threading.Thread(target=m.fit, args=(X, y)) for m in models]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for model in models[1:]:
                assert np.array_equal(model.coefs_[0], models[0].coefs_[0])
            # Those of Python may not have gone yet.
            print(n_threads_of() - before <= 4 * (3 - 1) + len(threads))
            """,
            3,
        )
        assert found == ["True"]


class TestImports:
    def test_many_times_over(self):
        found = run(
            """
            import importlib.util
            path = binding._compiled.__file__
            modules = []
            for i in range(8):
                spec = importlib.util.spec_from_file_location(
                    "skann._engine.native._compiled", path
                )
                modules.append(importlib.util.module_from_spec(spec))
                spec.loader.exec_module(modules[-1])
            first, *others = modules
            first.use_level("base")
            print(first.level(), first.levels() == others[0].levels())
            print({module.level() for module in others} == {first.levels()[-1]})
            print(len({module.Training for module in modules}))
            """
        )
        assert found == ["base", "True", "True", "8"]

    def test_can_be_switched_off(self):
        found = run("print(binding.level(), binding._compiled)", SKANN_COMPILED="0")
        assert found == ["none", "None"]


class TestVectorInstructions:
    @pytest.mark.parametrize(
        "level", binding._compiled.levels() if binding.is_compiled() else ()
    )
    def test_are_chosen_by_the_environment(self, level):
        assert run("print(binding.level())", SKANN_SIMD=level) == [level]

    def test_that_the_processor_has_not_are_refused(self):
        found = run(
            """
            import importlib
            os.environ["SKANN_SIMD"] = "mmx"
            try:
                importlib.reload(binding)
            except ValueError as error:
                print(str(error).replace(" ", "_"))
            """,
            SKANN_SIMD="",
        )
        assert "SKANN_SIMD_must_be_one_of" in found[0]
        assert "'base'" in found[0]
        assert found[0].endswith("got_'mmx'")
