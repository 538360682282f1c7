"""Learning rates that are planned over a number of epochs."""

import math

from .._optimize.schedules import SCHEDULES, needs_length

MAX_STEPS = 2_500_000  # each has a rate that is kept
CLASS_NAMES = {name: kind.__name__ for name, kind in SCHEDULES.items()}


def schedule_parameters(settings, n_rows):
    """``learning_rate`` and ``learning_rate_init`` of an estimator.

    A schedule that must know the length of the run is given as a function of the step,
    so that training can be stopped and go on anywhere.
    """
    if not needs_length(settings["schedule"]):
        return {
            "learning_rate": settings["schedule"],
            "learning_rate_init": settings["rate"],
        }
    planned = PlannedRate(
        settings["schedule"],
        settings["rate"],
        settings["horizon"],
        n_rows,
        min(settings["batch"], n_rows),
    )
    return {"learning_rate": planned, "learning_rate_init": "auto"}


class PlannedRate:
    """The rate of each step of a run of so many epochs; the last one's after that."""

    def __init__(self, schedule, rate, max_iter, n_rows, batch_size):
        self.plan = schedule, rate, max_iter, n_rows, batch_size
        n_steps = max_iter * -(-n_rows // batch_size)
        if n_steps > MAX_STEPS:
            raise ValueError(
                f"{max_iter} epochs of {n_rows} rows in batches of {batch_size} are "
                f"{n_steps} steps; a schedule is planned for at most {MAX_STEPS}. Take "
                "fewer epochs or larger batches."
            )
        length = {"max_iter": max_iter, "n_rows": n_rows, "batch_size": batch_size}
        self._rates = SCHEDULES[schedule]().rates(rate, **length)

    def __call__(self, step):
        return float(self._rates[min(step, len(self._rates) - 1)])

    def __eq__(self, other):
        return isinstance(other, PlannedRate) and self.plan == other.plan

    def __hash__(self):
        return hash(self.plan)

    def __deepcopy__(self, memo):
        return self

    @property
    def n_epochs(self):
        """The length of the plan."""
        return math.ceil(self.plan[2])
