"""How the gallery calls the examples."""

import tempfile
from pathlib import Path

# A long example runs on less than its defaults; what it shows is the same.
QUICK = {
    "plot_grid_search": ["--search-rows", "1500", "--train-rows", "6000"],
    "plot_learning_rates": ["--seeds", "1"],
    "plot_random_fronts": ["--fronts", "15"],
}
PICTURES = tempfile.TemporaryDirectory(prefix="skann-gallery-")


class ExampleArguments:
    """The command line of an example; what it saves goes to a temporary folder."""

    def __repr__(self):
        # Sphinx compares it with that of the last build, to see what is outdated.
        return f"ExampleArguments({QUICK})"

    def __call__(self, gallery_conf, script_vars):
        name = Path(script_vars["src_file"]).stem
        return ["--picture", f"{PICTURES.name}/{name}.png", *QUICK.get(name, [])]
