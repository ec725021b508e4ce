import builtins
import re
import sys
from html.parser import HTMLParser

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

from kernelkit import compare
from kernelkit.__main__ import main
from kernelkit.comparison._figures import _floor
from kernelkit.comparison._loading import of_file
from kernelkit.comparison._svg import _places, drawing, new_figure
from kernelkit.comparison._winner_figures import confusion_counts

HOSTILE = "<script>alert(\"1\")</script> & '$x$' \\"
VOID = {"meta", "input", "br", "img", "hr", "link"}


class Page(HTMLParser):
    """What a browser would see: balanced tags, ids, and what is fetched."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.fetched, self.scripts, self.words, self.lost = [], [], [], 0, [], []
        self.cells, self.rows = 0, 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.fetched += [given[key] for key in ("src", "href", "xlink:href") if key in given]
        self.scripts += tag == "script"
        self.rows += tag == "tr"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.lost.append(tag)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def frame(n=120, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({HOSTILE: rng.normal(size=n), "b": rng.normal(size=n)})
    X["color"] = rng.choice(["red", "<b>green</b>", None], size=n)
    X["y"] = X[HOSTILE] * X["b"] + 0.1 * rng.normal(size=n)
    X.loc[::10, "b"] = np.nan
    return X


@pytest.fixture(scope="module")
def regression():
    return compare(frame(), "y", candidates="linear,poly2-lifted,poly2-kernel,gaussian", cv=3, name=HOSTILE)


@pytest.fixture(scope="module")
def classification():
    X = frame(seed=1)
    X["kind"] = np.where(X.pop("y") > 0, "<i>up</i>", "down & out")
    X["id"] = np.arange(len(X))
    return compare(X, "kind", candidates="linear,poly2-lifted,gaussian,svm", cv=3)


@pytest.fixture(scope="module", params=["regression", "classification"])
def result(request):
    return request.getfixturevalue(request.param)


def test_page_is_whole_and_needs_no_network(result):
    text = result.to_html()
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>") and text.count("<body>") == text.count("</body>") == 1
    assert page.open == [] and page.lost == []
    assert len(page.ids) == len(set(page.ids))
    assert all(address.startswith(("#", "data:")) for address in page.fetched)
    assert not re.search(r"@import|url\(\s*['\"]?https?:", text)
    for word in ("Verdict", "All candidates", "Score against cost", "Paired differences", "Spectra", "Rebuild it"):
        assert word in page.text
    order = [page.text.index(word) for word in ("Verdict", "All candidates", "Score against cost", "Rebuild it")]
    assert order == sorted(order)
    assert result.verdict.splitlines()[0] in page.text and "the same as above" in page.text
    assert f"{result.found.seed}: all splits" in page.text


def test_users_words_stay_words(regression, classification):
    page = Page(regression.to_html())
    assert "<script>alert" not in regression.to_html() and HOSTILE in page.text
    assert page.scripts <= 2  # ours, and scikit-learn's in newer versions
    assert "<i>up</i>" not in classification.to_html()
    assert Page(regression._repr_html_()).scripts == 0


def test_every_candidate_and_every_warning_is_there(classification):
    page = Page(classification.to_html())
    for outcome in classification.found.outcomes:
        assert outcome.label in page.text and f"{outcome.score('classification'):.3f}" in page.text
    assert classification.found.table.notices
    for notice in classification.found.table.notices:
        assert notice in page.text


def test_a_reason_takes_the_place_of_numbers():
    X = np.random.default_rng(0).normal(size=(60, 1))
    result = compare(X, X[:, 0], candidates="linear,interactions", cv=2)
    assert "only one numeric column" in Page(result.to_html()).text
    assert "only one numeric column" in Page(result._repr_html_()).text


def test_same_numbers_same_page(result):
    assert result.to_html() == result.to_html()


def test_to_html_writes_what_it_returns(regression, tmp_path):
    text = regression.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == text


def test_notebook_shows_verdict_and_table(result):
    page = Page(result._repr_html_())
    assert page.open == [] and page.lost == [] and page.fetched == []
    assert page.rows == 1 + len(result.found.outcomes)
    assert result.verdict.splitlines()[0] in page.text


def test_without_matplotlib_the_page_says_how_to_get_figures(regression, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = regression.to_html()
    assert "<svg" not in text.split("sk-top-container")[0] and "kernelkit[plot]" in text
    assert "Score against cost" not in text and "Rebuild it" in text


def test_plot_returns_axes_with_a_point_a_model(regression):
    ax = matplotlib.figure.Figure().add_subplot()
    assert regression.plot(ax) is ax
    written = [text.get_text().removeprefix("▶ ") for text in ax.texts if text.get_text()]
    for outcome in regression.found.outcomes:
        assert sum(label.split(" (")[0] == outcome.label for label in written) == 1
    assert len(written) == len(regression.found.outcomes)
    assert ax.get_xscale() == "log" and ax.get_ylabel() == "R²"


def test_labels_do_not_overlap_and_stay_inside():
    for wanted in ([0.5] * 22, [0.0] * 5, [1.0] * 5, [0.1, 0.11, 0.9], [0.5]):
        places = _places(wanted)
        assert min(np.diff(places), default=1) > 0.04 and max(places) <= 1 and min(places) > -1e-9
    assert _places([0.1, 0.5, 0.9]) == [0.1, 0.5, 0.9]


def test_one_bad_model_does_not_squeeze_the_others():
    assert _floor(np.array([0.9, 0.88, 0.85, -40.0])) == 0.85
    assert _floor(np.array([0.9, 0.88])) == 0.88


def test_confusion_of_many_classes_keeps_the_worst():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 40, size=2000)
    predicted = np.where(np.isin(y, [3, 17]) & (rng.random(2000) < 0.9), 5, y)
    names, counts = confusion_counts(y, predicted)
    assert counts.sum() == 2000 and len(names) == len(counts) == 15
    assert {"3", "5", "17"} <= set(names) and names[-1] == "(26 others)"
    assert counts[names.index("3"), names.index("5")] == ((y == 3) & (predicted == 5)).sum()


def test_ids_of_figures_do_not_clash():
    def draw():
        figure = new_figure(2)
        figure.add_subplot().plot([1, 2])
        return figure

    first, second = drawing(draw, "one"), drawing(draw, "two")
    assert not set(Page(first).ids) & set(Page(second).ids)
    assert set(re.findall(r"url\(#([^)]*)\)", first)) <= set(Page(first).ids)


def test_report_from_the_command_line(tmp_path, capsys):
    frame().to_csv(tmp_path / "a table.csv", index=False, sep=";")
    report = tmp_path / "report.html"
    options = ["--candidates", "linear,poly2-lifted", "--cv", "3", "--report", str(report)]
    assert main(["compare", str(tmp_path / "a table.csv"), "--target", "y", *options]) == 0
    text = Page(report.read_text(encoding="utf-8")).text
    assert "pd.read_csv(" in text and "the same as above" in text


@pytest.mark.parametrize("flag", ["--report", "--save-model"])
def test_a_path_that_cannot_be_written_fails_before_the_work(flag, capsys, monkeypatch):
    monkeypatch.setattr("kernelkit.comparison._cli.compare", lambda *_, **__: pytest.fail("worked"))
    assert main(["compare", flag, "/no/such/folder/file"]) == 2
    assert "cannot write /no/such/folder/file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_bundled_data_are_loaded_by_the_script(name, tmp_path):
    report = tmp_path / "report.html"
    options = ["--candidates", "linear,poly2-lifted", "--cv", "2", "--report", str(report)]
    assert main(["compare", "--dataset", name, *options]) == 0
    text = Page(report.read_text(encoding="utf-8")).text
    assert f"load_{name}" in text and "the same as above" in text


def test_dates_and_gaps_in_a_file_are_loaded_as_they_were(tmp_path):
    X = frame().rename(columns={HOSTILE: "a"})
    X.loc[3, "y"] = np.nan
    X.loc[5, "y"] = np.inf
    path = str(tmp_path / "gaps.csv")
    X.to_csv(path, index=False)
    read = pd.read_csv(path)
    result = compare(read, "y", candidates="linear,poly2-lifted", cv=3)
    space = {}
    exec("import zlib\nimport numpy as np\nimport pandas as pd\nfrom base64 import b64decode", space)
    exec(of_file(path, read, result.found.table), space)
    np.testing.assert_array_equal(space["y"], result.found.table.y)
    pd.testing.assert_frame_equal(space["X"], result.found.table.X)


def test_no_figure_without_a_window(result, monkeypatch):
    # pyplot keeps figures for good; a report leaves nothing behind.
    real = builtins.__import__

    def guarded(name, *rest, **options):
        assert name != "matplotlib.pyplot"
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", guarded)
    assert result.to_html()
