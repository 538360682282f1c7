"""When the compiled engine leaves weights alone whose features a batch has not."""

import pytest
from _helpers import OPTIMIZER_FORMS, make_optimizer
from scipy import sparse

from skann._engine.choice import lazy_updates_pay
from skann._engine.native import binding
from skann._optimize.adam import Adam, AdamW

CAN_CATCH_UP = {"sgd", "plain sgd", "sgd, Polyak's momentum", "adam"}


def wide(density=0.01):
    return sparse.random(50, 400, density, "csr", random_state=0)


@pytest.fixture(autouse=True, params=["built", "not built"])
def compiled(request, monkeypatch):
    """The answer does not depend on it."""
    if request.param == "not built":
        monkeypatch.setattr(binding, "_compiled", None)


def test_where_a_batch_has_few_features():
    assert lazy_updates_pay(wide(0.01), 10, 0.0, Adam())
    assert not lazy_updates_pay(wide(0.2), 10, 0.0, Adam())
    assert not lazy_updates_pay(wide(0.01), 200, 0.0, Adam())


def test_not_where_all_weights_move():
    assert not lazy_updates_pay(wide(), 10, 1e-6, Adam())
    assert not lazy_updates_pay(wide(), 10, 0.0, AdamW(weight_decay=0.1))


def test_not_dense():
    assert not lazy_updates_pay(wide().toarray(), 10, 0.0, Adam())


@pytest.mark.parametrize("betas", [(0.9, 0.0), (0.9, 0.5)])
def test_not_where_movement_does_not_die_away(betas):
    assert not lazy_updates_pay(wide(), 10, 0.0, Adam(*betas))
    assert not lazy_updates_pay(wide(), 10, 0.0, make_optimizer("sgd", momentum=1.0))


@pytest.mark.parametrize("form", OPTIMIZER_FORMS)
def test_with_the_optimisers_whose_weights_can_catch_up(form):
    pays = lazy_updates_pay(wide(), 10, 0.0, make_optimizer(form))
    assert pays == (form in CAN_CATCH_UP)
