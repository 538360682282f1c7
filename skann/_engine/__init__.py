"""How a step is computed.

Two engines stand behind one contract, which is in ``contract.py``: the reference in
NumPy, ``reference/``, and the compiled one, ``native/``. Neither knows of the other.
``choice.py`` takes the compiled one wherever it is built and knows the case, else the
reference; the floors above ask no other module. Both compute the same value and
gradient of the objective, to rounding.

May come in: what is done to the rows of a batch. May not: when to train on, records,
parameters of estimators. It imports the mathematics of ``_network`` and the rules of
``_optimize``.
"""
