"""Where an estimator's documentation is, for the HTML that scikit-learn makes of it."""


class DocLinks:
    """What scikit-learn's diagram takes links and tooltips from.

    Tooltips are the docstring's entries, found by ``name : type`` with one name each,
    and are left out where there is no address to link to.
    """

    _doc_link_module = "skann"
    _doc_link_template = (
        "https://skann.readthedocs.io/en/stable/generated/"
        "{estimator_module}.{estimator_name}.html"
    )
