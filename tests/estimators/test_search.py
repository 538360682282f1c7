"""Order and outcome of the trials that choose decay and length, on made-up losses."""

import math

import pytest

from skann._estimators.search import Trials, choose, decay_step

RULE = 100  # epochs
ORDER_OF_FIRST_TRIALS = [(1.0, 20), (4.0, 20), (0.25, 20)]


class MadeUp:
    """Trials whose losses are a function of decay, number of epochs and split."""

    def __init__(self, loss, n_splits=1):
        self.calls = []
        self.loss = loss
        self.trials = Trials(self._train, n_splits, RULE)

    def _train(self, alpha, n_epochs, split):
        self.calls.append((alpha, n_epochs, split))
        return self.loss(alpha, n_epochs, split)

    def choose(self, step=4.0, **given):
        return choose(self.trials, step, **given)

    @property
    def tried(self):
        """Decay and number of epochs of each trial, in the order of the trials."""
        return list(dict.fromkeys((alpha, n) for alpha, n, _ in self.calls))


def in_steps(alpha):
    """The decay as a number of steps away from the rule's."""
    return math.log(alpha, 4)


def bowl(minimum, curvature=0.1):
    """A loss that is a parabola in the logarithm of the decay, whatever the length."""
    return lambda alpha, n, split: 1 + curvature * (in_steps(alpha) - minimum) ** 2


class TestDecay:
    def test_first_trials_are_a_fifth_of_the_rule_around_its_decay(self):
        trials = MadeUp(lambda *_: 1.0)
        assert trials.choose() == (1.0, 24)
        assert trials.tried == [*ORDER_OF_FIRST_TRIALS, (1.0, 60)]

    def test_more_decay_ends_the_search_if_it_pays(self):
        trials = MadeUp(bowl(1.2))
        alpha, _ = trials.choose(n_epochs=RULE)
        assert trials.tried == ORDER_OF_FIRST_TRIALS
        assert in_steps(alpha) == pytest.approx(1.2)

    def test_less_decay_is_tried_while_it_pays(self):
        trials = MadeUp(bowl(-3))
        trials.choose(n_epochs=RULE)
        assert trials.tried == [
            *ORDER_OF_FIRST_TRIALS,
            *((0.25**i, 20) for i in (2, 3, 4)),
        ]

    def test_decay_is_lowered_at_most_seven_times(self):
        trials = MadeUp(lambda alpha, *_: alpha**0.1)
        alpha, _ = trials.choose(n_epochs=RULE)
        assert min(trials.tried) == (0.25**8, 20)  # the parabola's
        assert in_steps(alpha) >= -7.5

    def test_step_of_several_hidden_layers_is_finer(self):
        assert decay_step(0) == decay_step(1) == 4
        assert decay_step(2) == decay_step(5) == 2.5
        trials = MadeUp(lambda *_: 1.0)
        trials.choose(step=2.5, n_epochs=RULE)
        assert trials.tried == [(1.0, 20), (2.5, 20), (0.4, 20)]

    @pytest.mark.parametrize(
        ("minimum", "expected"),
        [
            pytest.param(0.3, 0.15, id="half-way within the range"),
            pytest.param(-0.4, -0.2, id="half-way below the best"),
            pytest.param(0.9, 1.0, id="no less than more decay that is best"),
            pytest.param(1.3, 1.3, id="the vertex above more decay"),
            pytest.param(5.0, 1.5, id="at most half a step above"),
        ],
    )
    def test_parabola_gives_the_decay(self, minimum, expected):
        alpha, _ = MadeUp(bowl(minimum)).choose(n_epochs=RULE)
        assert in_steps(alpha) == pytest.approx(expected)

    @pytest.mark.parametrize("outer", [math.inf, 1.0], ids=["diverged", "flat"])
    def test_no_parabola_keeps_the_best_decay(self, outer):
        losses = {1.0: 1.0, 4.0: outer, 0.25: 1.0}
        alpha, _ = MadeUp(lambda alpha, *_: losses[alpha]).choose(n_epochs=RULE)
        assert alpha == 1.0

    def test_trial_that_converges_is_better_than_one_that_diverged(self):
        losses = {1.0: math.inf, 4.0: math.inf}
        trials = MadeUp(lambda alpha, *_: losses.get(alpha, 1.0))
        alpha, _ = trials.choose(n_epochs=RULE)
        assert alpha < 1

    def test_loss_below_zero_is_compared_by_its_size(self):
        trials = MadeUp(lambda alpha, *_: -1.0 + 0.005 * in_steps(alpha), n_splits=2)
        assert not trials.trials.better((0.25, 20), (1.0, 20))
        assert trials.trials.better((0.25**3, 20), (1.0, 20))


class TestSplits:
    def test_trial_is_given_up_at_the_first_split_where_it_is_worse(self):
        def loss(alpha, n_epochs, split):
            return 1.0 if alpha == 1 else 1.1 if split == 1 else 0.5

        trials = MadeUp(loss, n_splits=5)
        assert not trials.trials.better((4.0, 20), (1.0, 20))
        assert [split for alpha, _, split in trials.calls if alpha == 4] == [0, 1]
        assert not trials.trials.is_whole((4.0, 20))
        assert trials.trials.best() == (1.0, 20)

    def test_trial_worse_on_the_last_split_is_not_better(self):
        def loss(alpha, n_epochs, split):
            return 1.0 if alpha == 1 else 1.1 if split == 2 else 0.5

        trials = MadeUp(loss, n_splits=3)
        assert not trials.trials.better((4.0, 20), (1.0, 20))

    def test_several_splits_ask_for_a_gain_and_one_for_none(self):
        def loss(alpha, *_):
            return 0.995 if alpha < 1 else 1.0

        one, several = MadeUp(loss), MadeUp(loss, n_splits=5)
        one.choose(n_epochs=RULE)
        several.choose(n_epochs=RULE)
        assert (0.25**2, 20) in one.tried
        assert (0.25**2, 20) not in several.tried

    def test_no_trial_is_trained_twice(self):
        trials = MadeUp(lambda alpha, n, split: alpha**0.1 / n, n_splits=3)
        trials.choose()
        assert len(trials.calls) == len(set(trials.calls))

    def test_table_has_the_mean_loss_and_the_splits_of_each_trial(self):
        def loss(alpha, n_epochs, split):
            return split + {1.0: 1.0, 4.0: 2.0, 0.25: 1.25}[alpha]

        trials = MadeUp(loss, n_splits=2).trials
        for other in (4.0, 0.25):
            assert not trials.better((other, 10), (1.0, 10))
        assert trials.mean((0.25, 10)) == 1.75
        assert trials.table() == {
            "alpha": [1.0, 4.0, 0.25],
            "max_iter": [10, 10, 10],
            "loss": [1.5, 2.0, 1.75],
            "n_splits": [2, 1, 2],
        }

    def test_no_trial_on_all_splits_is_no_best_trial(self):
        assert MadeUp(lambda *_: 1.0).trials.best() is None


class TestLength:
    def test_length_is_tripled_while_the_gain_is_worth_it(self):
        trials = MadeUp(lambda alpha, n, split: 1 / n)
        assert trials.choose(alpha=1.0) == (1.0, round(1.2 * 20 * 3**5))
        assert trials.tried == [(1.0, 20 * 3**i) for i in range(6)]

    def test_small_gain_ends_the_search(self):
        # A third trial, of 1.8 times the rule's length, takes a gain of 0.02.
        losses = {20: 1.0, 60: 0.985}
        trials = MadeUp(lambda alpha, n, split: losses[n])
        assert trials.choose(alpha=1.0) == (1.0, 72)

    def test_longer_trial_that_is_no_better_is_not_taken(self):
        losses = {20: 1.0, 60: 0.9, 180: 0.95}
        trials = MadeUp(lambda alpha, n, split: losses[n])
        assert trials.choose(alpha=1.0) == (1.0, 72)

    def test_longest_is_the_length_once_a_longer_one_would_be_tried(self):
        trials = MadeUp(lambda alpha, n, split: 1 / n)
        assert trials.choose(alpha=1.0, longest=RULE) == (1.0, RULE)
        assert trials.tried == [(1.0, 20), (1.0, 60)]

    def test_large_gain_asks_for_less_decay_at_the_longer_length(self):
        def loss(alpha, n, split):
            if n == 20:
                return bowl(0)(alpha, n, split)
            return 0.6 + 0.1 * alpha if n == 60 else 1.0

        trials = MadeUp(loss)
        assert trials.choose() == (0.25, 72)
        assert trials.tried[3:] == [(1.0, 60), (0.25, 60), (0.25, 180)]

    def test_small_gain_leaves_the_decay(self):
        def loss(alpha, n, split):
            return bowl(0)(alpha, n, split) - (0.05 if n == 60 else 0)

        trials = MadeUp(loss)
        assert trials.choose() == (1.0, 72)
        assert trials.tried[3:] == [(1.0, 60), (1.0, 180)]

    def test_less_decay_that_was_as_good_is_tried_with_more_epochs(self):
        def loss(alpha, n, split):
            if n == 20:
                return bowl(0, curvature=0.01)(alpha, n, split)
            return {1.0: 0.95, 0.25: 0.9}[alpha] if n == 60 else 1.0

        trials = MadeUp(loss)
        assert trials.choose() == (0.25, 72)
        assert trials.tried[3:] == [(1.0, 60), (0.25, 60), (0.25, 180)]

    def test_given_decay_is_kept(self):
        trials = MadeUp(lambda alpha, n, split: alpha / n)
        alpha, _ = trials.choose(alpha=3.0)
        assert alpha == 3.0
        assert {alpha for alpha, _ in trials.tried} == {3.0}

    def test_no_decay_starts_with_a_twentieth(self):
        trials = MadeUp(lambda *_: 1.0)
        assert trials.choose(alpha=0.0) == (0.0, 6)
        assert trials.tried == [(0.0, 5), (0.0, 15)]

    @pytest.mark.parametrize(
        ("given", "length"), [(10, 10), (50, 20), (300, 60), (2000, 100)]
    )
    def test_given_length_is_kept_and_sets_that_of_the_trials(self, given, length):
        trials = MadeUp(lambda *_: 1.0)
        assert trials.choose(n_epochs=given) == (1.0, given)
        assert {n for _, n in trials.tried} == {length}

    def test_loss_that_is_low_enough_ends_the_search(self):
        trials = MadeUp(lambda alpha, n, split: 1 / n)
        trials.trials.enough = 0.02
        assert trials.choose(alpha=1.0) == (1.0, 72)

    def test_negative_losses_are_longer_cycles_worth_it_as_well(self):
        trials = MadeUp(lambda alpha, n, split: -n / RULE)
        assert trials.choose(alpha=1.0) == (1.0, round(1.2 * 20 * 3**5))
        assert trials.tried == [(1.0, 20 * 3**i) for i in range(6)]
