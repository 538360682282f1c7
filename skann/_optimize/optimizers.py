"""The table of all optimisers.

What an optimiser is and how to add one stands in ``_optimize/optimizer.py``.
"""

from .adagrad import Adagrad
from .adam import Adam, AdamW, AMSGrad, Nadam
from .lion import Lion
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD

OPTIMIZERS = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "amsgrad": AMSGrad,
    "nadam": Nadam,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "lion": Lion,
    "rprop": Rprop,
}
