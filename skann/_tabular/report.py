"""What a verbose fit of a table says."""


def table_line(estimator, n_rows, Z, n_parts):
    """How the table was encoded, and how many networks there will be."""
    kinds = getattr(estimator.vectorizer_, "kinds_", ())
    counts = [f"{k}: {kinds.count(k)}" for k in dict.fromkeys(kinds)]
    found = f" of columns ({', '.join(counts)})" if counts else ""
    parsed = getattr(estimator.vectorizer_, "_written_as_text", list)()
    if parsed:
        found += f", numbers and dates written as text in {', '.join(parsed)}"
    return (
        f"{type(estimator).__name__}: {n_rows} rows{found}, {Z.shape[1]} columns "
        f"encoded as {Z.dtype}; {n_parts} networks"
    )


def network_line(i, network, seconds):
    """How the training of one network went."""
    found = f"network {i + 1}: {network.n_iter_} epochs, "
    losses = network.validation_loss_curve_
    if losses is None:
        found += f"loss {network.loss_:.4f}"
    else:
        best = losses[network.best_iter_ - 1]
        found += f"best {network.best_iter_} with validation loss {best:.4f}"
    return f"{found}, {seconds:.1f} s"
