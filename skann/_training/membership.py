"""Training of a network as a member of an ensemble.

The ensemble's fit handles what a single fit tells the user: an interrupt ends all of
it, and warnings about members are summed up in one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class MemberStopped(Exception):
    """The fit of the ensemble has ended, by an error or an interrupt."""


class Ensemble:
    """A fit of several networks, in several threads.

    Attributes
    ----------
    has_ended : bool
        Whether the fit has failed or was interrupted, so that members are to stop.
    messages : list of str
        Warnings about the members' training.
    """

    def __init__(self):
        self.has_ended = False
        self.messages = []


_current: ContextVar[Ensemble | None] = ContextVar("ensemble", default=None)


@contextmanager
def member_of(ensemble: Ensemble) -> Iterator[None]:
    """Train members of an ensemble in the block."""
    token = _current.set(ensemble)
    try:
        yield
    finally:
        _current.reset(token)


def ensemble() -> Ensemble | None:
    """Return the ensemble that a member is being trained for, or None."""
    return _current.get()


def check_not_ended() -> None:
    """Raise an error in a member of an ensemble whose fit has ended."""
    current = _current.get()
    if current is not None and current.has_ended:
        raise MemberStopped
