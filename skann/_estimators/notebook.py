"""What an estimator shows of itself: its HTML in a notebook, and a summary."""

import copy

from sklearn.utils.validation import check_is_fitted

from .doc_links import DocLinks
from .summary import Summary, summarize
from .svg import loss_svg, network_svg
from .units import output_names


class Notebook(DocLinks):
    """What estimators have that show their network."""

    # Both by way of scikit-learn's own, whose names for what lies beneath them differ
    # from version to version.
    def _repr_html_inner(self):
        html = super(Notebook, self._with_outputs())._repr_html_inner()
        return self._of_outputs(html) + self._pictures()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super(Notebook, self._with_outputs())._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._of_outputs(bundle["text/html"])
            bundle["text/html"] += self._pictures()
        return bundle

    def _with_outputs(self):
        """A copy whose names are those of the outputs.

        scikit-learn ends the tables in the features that `transform` makes, which are
        the units of a hidden layer.
        """
        if "_theta" not in vars(self):
            return self
        view = copy.copy(self)
        vars(view)["get_feature_names_out"] = lambda: output_names(self)
        return view

    def _of_outputs(self, html):
        """The same with scikit-learn's word for them changed."""
        if "_theta" not in vars(self):
            return html
        n = self.n_outputs_
        word = "feature" if n == 1 else "features"
        right = f"<div>{n} {word.replace('feature', 'output')}</div>"
        return html.replace(f"<div>{n} {word}</div>", right)

    def _pictures(self):
        """The network and its loss curve, below the tables; "" before a fit."""
        if "_theta" not in vars(self):
            return ""
        pictures = [network_svg(self)]
        history = self.history_
        if history["epoch"]:
            pictures.append(loss_svg(history))
        style = "display:flex;flex-wrap:wrap;align-items:center;gap:1em"
        return f'<div class="skann-pictures" style="{style}">{"".join(pictures)}</div>'

    def summary(self) -> Summary:
        """Layers of the fitted network as a table.

        Returns
        -------
        summary : Summary
            Prints as a table with layer, shape, activation, parameters and memory of
            each layer and in total, and shows as one in a notebook. `layers`,
            `parameters` and `memory` (in bytes) are its attributes.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.datasets import make_xor
        >>> X, y = make_xor(200, noise=0.2, random_state=0)
        >>> net = BPClassifier((8,), random_state=0).fit(X, y)
        >>> net.summary().parameters
        33
        """
        check_is_fitted(self)
        return summarize(self)
