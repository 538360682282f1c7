"""Learning-rate schedules: small picklable objects that say the rate of an epoch.

``rate(n_seen)`` is asked once an epoch with the number of rows trained on before it.
``on_plateau()`` is told when the loss has stopped improving; it answers whether it has
lowered the rate, so that training is worth going on with.

To add one: write the class with its formula and add it to :data:`SCHEDULES`.
"""


class Constant:
    """η = η₀"""

    def __init__(self, estimator):
        self.initial = estimator.learning_rate_init

    def rate(self, n_seen):
        return self.initial

    def on_plateau(self):
        return False


class InvScaling(Constant):
    """η = η₀ / (t + 1)^power_t, with t the rows trained on before this epoch"""

    def __init__(self, estimator):
        super().__init__(estimator)
        self.power_t = estimator.power_t

    def rate(self, n_seen):
        return self.initial / (n_seen + 1) ** self.power_t


class Adaptive(Constant):
    """η₀, divided by 5 at every plateau until it is no more than 10⁻⁶"""

    smallest = 1e-6
    factor = 5

    def __init__(self, estimator):
        super().__init__(estimator)
        self.current = self.initial

    def rate(self, n_seen):
        return self.current

    def on_plateau(self):
        if self.current <= self.smallest:
            return False
        self.current /= self.factor
        return True


SCHEDULES = {"constant": Constant, "invscaling": InvScaling, "adaptive": Adaptive}
