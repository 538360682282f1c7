"""Fixtures of the compiled engine."""

import os

import pytest

from skann._engine.native import binding


@pytest.fixture
def threads(monkeypatch):
    """A function that sets how many threads the engine is to use."""

    def use(n):
        monkeypatch.setattr(binding, "n_threads", lambda step_work, call_work: n)

    return use


def levels():
    if not binding.is_compiled():
        return ()
    # With SKANN_SIMD every test runs at that level, these among them.
    if "SKANN_SIMD" in os.environ:
        return (binding.level(),)
    return binding._compiled.levels()


@pytest.fixture(params=levels())
def level(request):
    """Every level of vector instructions that the processor has."""
    before = binding.level()
    binding._compiled.use_level(request.param)
    yield request.param
    binding._compiled.use_level(before)
