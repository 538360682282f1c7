"""The widget in JupyterLab, in a real browser: the page's module, in a notebook."""

import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from _chromium import BROWSER, Page, wait

import skann

CELLS = (
    """\
import numpy as np
from skann.playground import Playground

X = np.random.default_rng(0).normal(size=(200, 2))
playground = Playground(X, np.where(X[:, 0] * X[:, 1] > 0, "same", "different"))
playground
""",
    "print(type(playground.estimator).__name__, playground.estimator.t_ > 0)",
)
PATIENCE = 120.0  # JupyterLab takes its time, the more on a busy machine
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
RUN = "jupyterapp.commands.execute('notebook:{}').then(() => true)"


@pytest.fixture
def lab(tmp_path):
    """The address of a notebook in a JupyterLab of its own."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    pytest.importorskip("websockets", reason="websockets is not installed")
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    _write_notebook(tmp_path / "own.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {
        name: str(tmp_path / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    found = os.pathsep.join([str(Path(skann.__file__).parents[1]), *sys.path])
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
                *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={tmp_path}"),
                f"--IdentityProvider.token={token}",
                "--LabApp.expose_app_in_browser=True",
                # Nothing is asked of other machines.
                *("--LabApp.news_url=None", "--LabApp.check_for_updates_class="),
            ],
            env={**os.environ, **own, "PYTHONPATH": found},
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    server = f"http://127.0.0.1:{port}"

    def answers():
        assert process.poll() is None, (tmp_path / "log").read_text()
        try:
            with urllib.request.urlopen(f"{server}/api?token={token}") as answer:
                return answer.status == 200
        except OSError:
            return False

    try:
        wait(answers, "JupyterLab answers", PATIENCE)
        yield f"{server}/lab/tree/own.ipynb?token={token}"
    finally:
        process.terminate()
        process.wait()


def _write_notebook(path):
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{i}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}}
    path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}))


def test_the_widget_trains_in_a_notebook(lab):
    page = Page(lab)
    try:
        page.until(f"{KERNEL}?.status === 'idle'", PATIENCE)
        page.until("!!document.querySelector('.jp-Notebook .jp-CodeCell')")
        assert page.js(RUN.format("run-cell-and-select-next"))
        page.until("!!document.querySelector('#skpg-run[data-running]')", PATIENCE)
        assert page.text(".skpg-scale") == "differentsame"
        map_ = "document.querySelector('#skpg-map canvas').toDataURL()"
        start = page.js(map_)
        page.click("#skpg-run")
        page.until("Number(document.querySelector('#skpg-epoch').dataset.epoch) > 20")
        assert page.js(map_) != start
        page.click("#skpg-run")
        # Other cells see the network that it trains.
        assert page.js(RUN.format("run-cell"))
        page.until("document.body.textContent.includes('BPClassifier True')")
    finally:
        page.close()
