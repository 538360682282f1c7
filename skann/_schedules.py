"""Learning-rate schedules: small picklable objects that say the rate of a step.

A schedule is told once how long the run is (``start``) and then asked for the rate with
the number of rows trained on so far: before every epoch, or before every step where
``every_step`` is true. ``on_plateau()`` is told when the loss has stopped improving; it
answers whether it has lowered the rate, so that training is worth going on with; only
those with ``lowers_on_plateau`` do. A schedule with ``runs_to_the_end`` is made for a
whole run: lack of improvement does not end it.

To add one: write the class with its formula and add it to :data:`SCHEDULES`.
"""

import math


class Constant:
    """η = η₀"""

    every_step = False
    lowers_on_plateau = False
    runs_to_the_end = False

    def __init__(self, parameters):
        self.initial = parameters.learning_rate_init
        self.power_t = parameters.power_t

    def same_settings(self, other):
        """Whether ``other`` was made from the same parameters."""
        return (type(self), self.initial, self.power_t) == (
            type(other),
            other.initial,
            other.power_t,
        )

    def start(self, n_seen, n_rows):
        """``n_seen`` rows have been trained on before a run of ``n_rows`` rows."""

    def rate(self, n_seen):
        """Rate after ``n_seen`` rows in the life of the model."""
        return self.initial

    def on_plateau(self):
        """Whether the rate has been lowered."""
        return False


class InvScaling(Constant):
    """η = η₀ / (t + 1)^power_t, with t the rows trained on before this epoch"""

    def rate(self, n_seen):
        return self.initial * (n_seen + 1.0) ** -self.power_t


class Adaptive(Constant):
    """η₀, divided by 5 at every plateau until it is no more than 10⁻⁶"""

    lowers_on_plateau = True
    smallest = 1e-6
    factor = 5

    def __init__(self, parameters):
        super().__init__(parameters)
        self.current = self.initial

    def rate(self, n_seen):
        return self.current

    def on_plateau(self):
        if self.current <= self.smallest:
            return False
        self.current /= self.factor
        return True


class OneCycle(Constant):
    """Up from η₀/25 to η₀ in the first 30 % of the run, then down to η₀/10⁴.

    With p the share of the run's rows trained on, w = 0.3 and
    mix(a, b, q) = b + (a - b) (1 + cos πq) / 2::

        η = mix(η₀/25, η₀, p/w)  for p < w,   mix(η₀, η₀/10⁴, (p - w)/(1 - w))  after

    After Smith & Topin (2018), "Super-convergence", with a cosine for their straight
    lines. The high rate in the middle regularises; the long way down settles.
    """

    every_step = True
    runs_to_the_end = True
    warmup = 0.3
    start_factor = 25
    end_factor = 1e4

    def start(self, n_seen, n_rows):
        self.n_before, self.n_rows = n_seen, n_rows

    def rate(self, n_seen):
        share = (n_seen - self.n_before) / self.n_rows
        peak = self.initial
        if share < self.warmup:
            return _mix(peak / self.start_factor, peak, share / self.warmup)
        left = (share - self.warmup) / (1 - self.warmup)
        return _mix(peak, peak / self.end_factor, left)


def _mix(a, b, share):
    return b + (a - b) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES = {
    "constant": Constant,
    "invscaling": InvScaling,
    "adaptive": Adaptive,
    "one_cycle": OneCycle,
}
