import pytest
from matplotlib import pyplot


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    pyplot.close("all")
