"""Optimisers' rules as the compiled engine takes them: tuples of numbers."""

from ..._optimize.adagrad import Adagrad
from ..._optimize.adam import Adam, AdamW, AMSGrad, BiasCorrectedAdam, Nadam
from ..._optimize.lion import Lion
from ..._optimize.rmsprop import RMSprop
from ..._optimize.sgd import SGD

# What is done with the gradient, in the order of enum RuleKind in engine.h: it is kept,
# or added to what is there; or parameters move along it.
STORE, ADD = range(2)
# Of these classes themselves: an heir may have another equation.
_RULES = {
    SGD: 2,
    Adam: 3,
    AdamW: 3,
    AMSGrad: 4,
    Nadam: 5,
    RMSprop: 6,
    Adagrad: 7,
    Lion: 8,
}


def rule_of(optimizer, alpha):
    """What the engine needs to know of an optimiser; None if not its rule.

    Parameters
    ----------
    optimizer : Optimizer
    alpha : float
        Strength of the L2 penalty.
    """
    kind = _RULES.get(type(optimizer))
    if kind is None:
        return None

    def setting(name):
        return float(getattr(optimizer, name, 0.0))

    return (
        kind,
        setting("momentum"),
        bool(setting("nesterovs_momentum")),
        setting("beta_1"),
        setting("rho") if kind == _RULES[RMSprop] else setting("beta_2"),
        setting("epsilon"),
        isinstance(optimizer, BiasCorrectedAdam),
        setting("weight_decay"),
        setting("momentum_decay"),
        alpha,
    )


def gradient_rule(kind, alpha):
    """The rule that keeps the gradient: :data:`STORE` or :data:`ADD`."""
    return kind, 0.0, False, 0.0, 0.0, 0.0, False, 0.0, 0.0, alpha


def moves(rule):
    """Whether a rule moves parameters."""
    return rule[0] not in (STORE, ADD)
