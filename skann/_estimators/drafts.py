"""A fit that is seen when it is whole.

An interrupt from the keyboard, or an error, comes between any two lines of a fit, and a
second one while the first is dealt with. So a fit sets the attributes of a draft, and
the estimator takes them in one assignment: before it, the estimator is what it was, and
after it, the new model.
"""

from contextlib import contextmanager


@contextmanager
def fitted_at_once(estimator):
    """Lend a draft of the estimator; its attributes become the estimator's at the end.

    The block must not write to the arrays and lists that the attributes hold. After an
    error the estimator is what it was.

    Parameters
    ----------
    estimator : estimator

    Yields
    ------
    draft : estimator
        A shallow copy.
    """
    before = dict(vars(estimator))
    draft = object.__new__(type(estimator))
    vars(draft).update(before)
    yield draft
    after = vars(draft)
    state = {n: v for n, v in vars(estimator).items() if n in after or n not in before}
    # What others have set on the estimator meanwhile stays.
    missing = object()
    new = {n: v for n, v in after.items() if before.get(n, missing) is not v}
    estimator.__dict__ = state | new
