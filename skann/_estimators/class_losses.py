"""A classifier's losses as objects."""

from .function_objects import Loss, LossObject


def class_loss_of(estimator):
    """Loss that the parameters ask for: a name, or a user's own, and settings.

    Raises
    ------
    ValueError
        If it is a loss of real targets, or a setting is not valid.
    """
    loss = estimator.loss
    if not isinstance(loss, LossObject):
        return loss, ()
    loss = loss.fresh()
    if loss.link == "log":
        raise ValueError(
            f"loss={loss!r} is for real targets; a classifier's has the link 'logit', "
            "'softmax' or 'identity'."
        )
    return (loss, ()) if isinstance(loss, Loss) else (loss.name, loss._settings)


def has_probabilities(estimator):
    """True, or an AttributeError if outputs under its loss are no probabilities."""
    loss = estimator.loss
    is_object = isinstance(loss, LossObject)
    if loss.link == "identity" if is_object else loss == "perceptron":
        raise AttributeError(
            f"loss={loss!r} does not make probabilities; use decision_function, or "
            "another loss."
        )
    return True
