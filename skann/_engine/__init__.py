"""How a step is computed.

Two engines stand behind one contract: the reference in NumPy and the compiled one in
``native/``, which is used wherever it is built and knows the case. Both compute the
same value and gradient of the objective, to rounding.

May come in: what is done to the rows of a batch. May not: epochs, stopping, records,
parameters of estimators. It imports the mathematics of ``_network`` and the rules of
``_optimize``.
"""
