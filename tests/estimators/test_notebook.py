"""What a notebook shows of an estimator: tables with tooltips, network and curve."""

import inspect
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from skann import BPClassifier, BPRegressor, TabularClassifier, TabularRegressor
from skann.preprocessing import PiecewiseLinearEncoder, TableEncoder

pd = pytest.importorskip("pandas")

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

has_tooltips = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="scikit-learn's tables have no tooltips yet",
)
SVG = "{http://www.w3.org/2000/svg}"
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
y = np.array(["no", "yes", "<b>&"])[(X[:, 0] > 0) + (X[:, 1] > 0).astype(int)]
FRAME = pd.DataFrame(X, columns=["a", "</svg><script>x", 'c"&'])


def fitted(Estimator=BPClassifier, X=FRAME, y=y, **parameters):
    settings = {"max_iter": 4, "random_state": 0, **parameters}
    return Estimator((12, 4), **settings).fit(X, y)


def tooltips(html):
    found = re.findall(r'"param-doc-description"\s+style="[^"]*">\s*([\w]+):', html)
    return set(found)


def pictures(html):
    return [ElementTree.fromstring(s) for s in re.findall(r"<svg.*?</svg>", html)]


def texts(picture):
    return [node.text for node in picture.iter(f"{SVG}text")]


KINDS = [
    BPClassifier,
    BPRegressor,
    TabularClassifier,
    TabularRegressor,
    TableEncoder,
    PiecewiseLinearEncoder,
]


class TestTables:
    @pytest.mark.parametrize("Kind", KINDS)
    def test_lead_to_the_class_s_page(self, Kind):
        link = Kind()._get_doc_link()
        assert link.startswith("https://")
        assert link.endswith(f"/{Kind.__module__}.{Kind.__name__}.html")
        assert link in Kind()._repr_html_()

    @has_tooltips
    @pytest.mark.parametrize("Kind", KINDS)
    def test_have_a_tooltip_for_every_parameter(self, Kind):
        assert tooltips(Kind()._repr_html_()) == set(inspect.signature(Kind).parameters)

    @has_tooltips
    @pytest.mark.skipif(
        parse_version(sklearn.__version__) < parse_version("1.9"),
        reason="scikit-learn shows no fitted attributes yet",
    )
    @pytest.mark.parametrize("Kind", [BPClassifier, BPRegressor])
    def test_have_a_tooltip_for_every_fitted_attribute(self, Kind):
        net = fitted(Kind, y=y if Kind is BPClassifier else X)
        attributes = {n for n in dir(net) if n.endswith("_") and n[0] != "_"}
        parameters = set(inspect.signature(Kind).parameters)
        assert tooltips(net._repr_html_()) == attributes | parameters


class TestOutputs:
    """scikit-learn's tables end in what comes out: not the units of a hidden layer."""

    @pytest.mark.skipif(
        parse_version(sklearn.__version__) < parse_version("1.9"),
        reason="scikit-learn's tables have no features yet",
    )
    def test_of_a_classifier_are_its_classes(self):
        model = fitted()
        for html in (model._repr_html_(), model._repr_mimebundle_()["text/html"]):
            assert "<div>3 outputs</div>" in html
            assert "4 features" not in html
            *_, found = re.findall(
                "<table class=.features-table.*?</table>", html, re.S
            )
            cells = re.findall("<td>(.*?)</td>", found)
            assert cells == ["&lt;b&gt;&amp;", "no", "yes"]
        assert model.get_feature_names_out().tolist()[-1] == "bpclassifier3"

    @pytest.mark.parametrize(
        ("loss", "n_targets", "names"),
        [
            ("gaussian", 1, ["mean", "variance"]),
            ("gaussian", 2, ["mean 0", "mean 1", "variance 0", "variance 1"]),
            ("quantile", 1, ["quantile 0.1", "quantile 0.9"]),
            ("squared_error", 2, ["y0", "y1"]),
        ],
    )
    def test_of_a_regressor_are_what_they_stand_for(self, loss, n_targets, names):
        targets = X[:, 0] if n_targets == 1 else X[:, :n_targets]
        quantile = [0.1, 0.9] if loss == "quantile" else None
        model = fitted(BPRegressor, y=targets, loss=loss, quantile=quantile)
        written = texts(pictures(model._repr_html_())[0])
        assert written[-len(names) :] == names


class TestPictures:
    def test_are_there_after_a_fit_only(self):
        assert pictures(BPClassifier()._repr_html_()) == []
        for html in (
            fitted()._repr_html_(),
            fitted()._repr_mimebundle_()["text/html"],
        ):
            assert len(pictures(html)) == 2

    def test_are_not_there_where_text_is_asked_for(self):
        with sklearn.config_context(display="text"):
            assert set(fitted()._repr_mimebundle_()) == {"text/plain"}
            assert not hasattr(fitted(), "_repr_html_")

    def test_of_the_network(self):
        net = fitted()
        network, _ = pictures(net._repr_html_())
        words = texts(network)
        for name in ("a", "</svg><script>x", 'c"&', "no", "yes", "<b>&", "softmax"):
            assert name in words
        # Eight of the twelve units are drawn, with dots between them.
        assert len(list(network.iter(f"{SVG}circle"))) == 3 + 8 + 4 + 3
        assert words.count("⋮") == 1
        lines = list(network.iter(f"{SVG}line"))
        assert len(lines) == 3 * 8 + 8 * 4 + 4 * 3
        last = net.coefs_[-1]
        widest = lines[-1]  # the largest weight of a layer is drawn on top
        positive = last.flat[np.abs(last).argmax()] > 0
        assert (widest.get("stroke") == "#3288C8") == positive
        assert widest.get("stroke-opacity") == "1.00"

    def test_of_the_loss(self):
        _, loss = pictures(fitted(max_iter=6)._repr_html_())
        assert len(list(loss.iter(f"{SVG}polyline"))) == 1
        assert "● training" in texts(loss)
        assert "6" in texts(loss)
        net = fitted(early_stopping=True)
        _, loss = pictures(net._repr_html_())
        curves = list(loss.iter(f"{SVG}polyline"))
        assert len(curves) == 2
        heights = [float(p.split(",")[1]) for p in curves[0].get("points").split()]
        assert len(heights) == net.n_iter_
        assert np.array_equal(
            np.argsort(heights), np.argsort(-np.array(net.loss_curve_))
        )

    def test_of_a_loss_of_one_epoch(self):
        _, loss = pictures(fitted(max_iter=1)._repr_html_())
        assert len(list(loss.iter(f"{SVG}circle"))) == 1

    def test_of_a_long_record_are_small(self):
        net = BPClassifier((2,), max_iter=2000, solver="sgd", tol=0, random_state=0)
        net.fit(X[:20], X[:20, 0] > 0)
        _, loss = pictures(net._repr_html_())
        points = next(loss.iter(f"{SVG}polyline")).get("points").split()
        assert len(points) < 310

    def test_ask_for_nothing_from_outside(self):
        html = fitted()._pictures().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in html
        assert "href" not in html
        assert "<script" not in html

    def test_of_weights_that_are_zero_and_without_hidden_layers(self):
        net = BPRegressor((), max_iter=2, random_state=0).fit(X, X[:, 0])
        net.coefs_ = [np.zeros((3, 1))]
        network, _ = pictures(net._repr_html_())
        assert texts(network).count("identity") == 1
        assert "nan" not in ElementTree.tostring(network, "unicode")
