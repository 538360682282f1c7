"""Ctrl-C at a chosen line: what a signal between any two lines does."""

import sys
from importlib import import_module


class Interrupter:
    """Raises KeyboardInterrupt at a line of some files, from a function on.

    Parameters
    ----------
    at : int
        Number of the line, of those that are run after the function was entered.
    start : str
        Module and name of the function: "skann.module:Class.method".
    files : tuple of str
        Ends of the names of the files whose lines count.
    error : type
        What is raised instead.
    """

    def __init__(self, at, start, files, error=KeyboardInterrupt):
        self._error = error
        self._left, self._files, self.has_raised = at, files, False
        module, name = start.split(":")
        *owners, self._name = name.split(".")
        self._owner = import_module(module)
        for owner in owners:
            self._owner = getattr(self._owner, owner)

    def __enter__(self):
        # Until there nothing is traced, which would take most of the time.
        self._before = original = vars(self._owner)[self._name]

        def begin(*args, **kwargs):
            self._restore()
            frame = sys._getframe(1)
            while frame is not None:
                if self._counts(frame):
                    frame.f_trace = self._line
                frame = frame.f_back
            sys.settrace(self._enter)
            return original(*args, **kwargs)

        setattr(self._owner, self._name, begin)
        return self

    def __exit__(self, kind, value, traceback):
        sys.settrace(None)
        self._restore()
        return kind is self._error

    def _restore(self):
        setattr(self._owner, self._name, self._before)

    def _counts(self, frame):
        return frame.f_code.co_filename.endswith(self._files)

    def _enter(self, frame, event, argument):
        return self._line if self._counts(frame) else None

    def _line(self, frame, event, argument):
        if event == "line" and not self.has_raised:
            self._left -= 1
            if self._left < 0:
                sys.settrace(None)
                self.has_raised = True
                raise self._error
        return self._line


def interrupted_at_every_line(
    prepare, call, start, files, step=1, error=KeyboardInterrupt
):
    """What ``call(prepared)`` leaves behind when it is interrupted, line by line.

    Parameters
    ----------
    prepare : callable
        Makes anew what is called.
    call : callable
    start, files, error
        See :class:`Interrupter`.
    step : int
        Of how many lines one is tried.

    Yields
    ------
    prepared : object
    """
    at = 0
    while True:
        prepared = prepare()
        with Interrupter(at, start, files, error) as interrupter:
            call(prepared)
        if not interrupter.has_raised:
            break
        yield prepared
        at += step
    assert at > 5 * step
