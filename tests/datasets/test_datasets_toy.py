"""The toy problems: their geometry, their balance, and what random_state decides."""

import numpy as np
import pytest

from skann.datasets import make_spirals, make_xor

GENERATORS = [make_xor, make_spirals]
N_SAMPLES = [4, 5, 6, 7, 100, 101]


@pytest.mark.parametrize("make", GENERATORS)
class TestEveryGenerator:
    @pytest.mark.parametrize("n_samples", N_SAMPLES)
    def test_shapes_and_types(self, make, n_samples):
        X, y = make(n_samples, noise=0.1, random_state=0)
        assert X.shape == (n_samples, 2)
        assert X.dtype == np.float64
        assert y.shape == (n_samples,)
        assert y.dtype == np.int64

    @pytest.mark.parametrize("n_samples", N_SAMPLES)
    def test_classes_are_balanced_to_within_one(self, make, n_samples):
        counts = np.bincount(make(n_samples)[1])
        assert len(counts) == 2
        assert np.ptp(counts) <= 1

    def test_same_random_state_same_rows(self, make):
        X, y = make(50, noise=0.1, random_state=3)
        again = make(50, noise=0.1, random_state=3)
        assert np.array_equal(X, again[0])
        assert np.array_equal(y, again[1])
        other = make(50, noise=0.1, random_state=4)
        assert not np.array_equal(X, other[0])
        assert not np.array_equal(y, other[1])

    def test_a_generator_passed_in_moves_on(self, make):
        generator = np.random.RandomState(3)
        first, _ = make(50, noise=0.1, random_state=generator)
        second, _ = make(50, noise=0.1, random_state=generator)
        assert np.array_equal(first, make(50, noise=0.1, random_state=3)[0])
        assert not np.array_equal(first, second)

    def test_nothing_is_random_without_shuffle_and_noise(self, make):
        X, y = make(50, shuffle=False, random_state=0)
        again = make(50, shuffle=False, random_state=1)
        assert np.array_equal(X, again[0])
        assert np.array_equal(y, again[1])

    def test_shuffle_only_moves_rows(self, make):
        ordered = np.column_stack(make(51, shuffle=False))
        shuffled = np.column_stack(make(51, random_state=0))
        assert not np.array_equal(ordered, shuffled)
        assert sorted(map(tuple, ordered)) == sorted(map(tuple, shuffled))

    @pytest.mark.parametrize("shuffle", [True, False])
    def test_noise_has_the_given_deviation(self, make, shuffle):
        n_samples, noise = 20_000, 0.25
        clean, y = make(n_samples, shuffle=shuffle, random_state=0)
        noisy, y_noisy = make(n_samples, noise=noise, shuffle=shuffle, random_state=0)
        assert np.array_equal(y, y_noisy)
        difference = noisy - clean
        # Five standard errors of the deviation and of the mean.
        error = noise / np.sqrt(n_samples)
        assert np.abs(difference.std(axis=0) - noise).max() < 5 * error / np.sqrt(2)
        assert np.abs(difference.mean(axis=0)).max() < 5 * error
        assert abs(np.corrcoef(difference.T)[0, 1]) < 5 / np.sqrt(n_samples)

    @pytest.mark.parametrize("noise", [None, 0])
    def test_none_and_zero_noise_are_none(self, make, noise):
        X, _ = make(20, noise=noise, random_state=0)
        assert np.array_equal(X, make(20, random_state=0)[0])

    def test_rows_are_the_users_to_write(self, make):
        before, _ = make(8, shuffle=False)
        changed, _ = make(8, shuffle=False)
        changed[:] = 9.0
        assert np.array_equal(before, make(8, shuffle=False)[0])

    @pytest.mark.parametrize(
        ("name", "given", "allowed"),
        [
            ("n_samples", 0, "inf)"),
            ("n_samples", 10.0, "an int"),
            ("noise", -0.1, "[0.0, inf)"),
            ("noise", np.nan, "[0.0, inf)"),
            ("noise", np.inf, "[0.0, inf)"),
            ("noise", "much", "a float"),
            ("shuffle", "no", "bool"),
            ("random_state", "seed", "an int"),
        ],
    )
    def test_bad_value_names_parameter_and_range(self, make, name, given, allowed):
        words = f"'{name}' parameter of {make.__name__} must be"
        with pytest.raises(ValueError, match=words) as e:
            make(**{name: given})
        assert allowed in str(e.value)
        assert f"Got {given!r}" in str(e.value)


class TestXor:
    def test_default_is_the_truth_table(self):
        X, y = make_xor()
        table = {(1.0, 1.0): 1, (1.0, -1.0): 0, (-1.0, 1.0): 0, (-1.0, -1.0): 1}
        assert dict(zip(map(tuple, X.tolist()), y.tolist(), strict=True)) == table

    @pytest.mark.parametrize("n_samples", [1, 2, 3, *N_SAMPLES])
    def test_corners_repeat_evenly(self, n_samples):
        X, y = make_xor(n_samples, random_state=0)
        corners, counts = np.unique(X, axis=0, return_counts=True)
        assert len(corners) == min(n_samples, 4)
        assert counts.sum() == n_samples
        assert np.ptp(counts) <= 1
        assert np.array_equal(y, X.prod(axis=1) > 0)

    def test_noise_keeps_the_label_of_the_corner(self):
        X, y = make_xor(1000, noise=1.0, shuffle=False, random_state=0)
        assert np.array_equal(y, make_xor(1000, shuffle=False)[1])
        # So much noise carries some points over the axes, into the other label's area.
        assert 0 < np.count_nonzero(y != (X.prod(axis=1) > 0)) < 500


class TestSpirals:
    @pytest.mark.parametrize("n_classes", [2, 3, 7])
    def test_any_number_of_balanced_classes(self, n_classes):
        _, y = make_spirals(100, n_classes=n_classes, random_state=0)
        counts = np.bincount(y)
        assert len(counts) == n_classes
        assert np.ptp(counts) <= 1

    def test_rows_left_over_go_to_the_first_classes(self):
        _, y = make_spirals(11, n_classes=3, shuffle=False)
        assert y.tolist() == [0] * 4 + [1] * 4 + [2] * 3

    @pytest.mark.parametrize("n_turns", [0.5, 1.5, 3])
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_radius_grows_with_the_angle(self, n_turns, n_classes):
        X, y = make_spirals(
            200 * n_classes, n_classes=n_classes, n_turns=n_turns, shuffle=False
        )
        for label in range(n_classes):
            z = X[y == label] @ [1, 1j]
            radius, angle = np.abs(z), np.unwrap(np.angle(z))
            np.testing.assert_allclose(radius, np.arange(1, 201) / 200)
            slope = np.diff(angle) / np.diff(radius)
            np.testing.assert_allclose(slope, 2 * np.pi * n_turns)

    def test_spirals_are_one_another_turned(self):
        X, y = make_spirals(150, n_classes=3, shuffle=False)
        z = X @ [1, 1j]
        third = np.exp(2j * np.pi / 3)
        np.testing.assert_allclose(z[y == 1], z[y == 0] * third, atol=1e-12)
        np.testing.assert_allclose(z[y == 2], z[y == 1] * third, atol=1e-12)

    def test_no_point_belongs_to_two_classes(self):
        X, _ = make_spirals(101, n_classes=5)
        assert len(np.unique(X, axis=0)) == 101

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("n_classes", 1),
            ("n_classes", 2.0),
            ("n_turns", 0),
            ("n_turns", -1.5),
            ("n_turns", np.nan),
            ("n_turns", np.inf),
        ],
    )
    def test_bad_value_names_parameter(self, name, given):
        words = f"'{name}' parameter of make_spirals must be"
        with pytest.raises(ValueError, match=words) as e:
            make_spirals(**{name: given})
        assert f"Got {given!r}" in str(e.value)

    def test_fewer_rows_than_classes(self):
        words = "'n_samples' parameter .* at least 'n_classes', which is 4.* Got 3"
        with pytest.raises(ValueError, match=words):
            make_spirals(3, n_classes=4)
