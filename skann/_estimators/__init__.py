"""What scikit-learn sees: the estimators.

Parameters, checks of what users pass, targets on their way in, labels and probabilities
on their way out, fitted attributes. ``base.py`` has the way through a fit;
``classifier.py`` and ``regressor.py`` what is different for each.

May come in: everything that knows the name of a parameter, a scikit-learn class or a
user's array. May not: anything about batches, gradients or steps. What is here imports
the folders below it (training, engine, optimize, network) and none imports it but the
public doors.
"""
