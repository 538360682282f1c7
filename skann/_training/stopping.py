"""When to stop: patience, without a word about who trains or how."""


class Patience:
    """Counts updates in a row that have not improved on the best value.

    A value improves if it is below the best one by more than ``tol``. The count
    reaches ``n_iter_no_change`` after exactly that many values without improvement.

    Parameters
    ----------
    tol : float
    n_iter_no_change : int
    """

    def __init__(self, tol, n_iter_no_change):
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.best = float("inf")
        self.count = 0

    def update(self, value):
        """Take the next value; True when patience has run out."""
        if value < self.best - self.tol:
            self.count = 0
        else:
            self.count += 1
        if value < self.best:
            self.best = value
        return self.count >= self.n_iter_no_change

    def renew(self):
        """Start counting again, keeping the best value."""
        self.count = 0


def decisive(scoring):
    """The scorer that decides: the first, where the parameter has several."""
    if isinstance(scoring, dict):
        return next(iter(scoring.values()))
    return scoring[0] if isinstance(scoring, list | tuple) else scoring
