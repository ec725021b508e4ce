import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelkit.engine import blocks, plan, tile_shape

sizes = st.integers(0, 60)


@given(n=sizes, size=st.integers(1, 20))
def test_blocks_are_consecutive_and_even(n, size):
    cuts = blocks(n, size)
    assert [i for cut in cuts for i in range(cut.start, cut.stop)] == list(range(n))
    lengths = [cut.stop - cut.start for cut in cuts]
    assert all(0 < length <= size for length in lengths)
    assert not lengths or max(lengths) - min(lengths) <= 1


@given(n=sizes, m=sizes, itemsize=st.sampled_from([4, 8]), budget=st.integers(1, 4000))
def test_tiles_cover_once_within_the_budget(n, m, itemsize, budget):
    seen = np.zeros((n, m), dtype=int)
    for rows, columns in plan(n, m, itemsize, budget):
        seen[rows, columns] += 1
        cells = (rows.stop - rows.start) * (columns.stop - columns.start)
        assert cells * itemsize <= budget or cells == 1
    assert (seen == 1).all()


@given(n=sizes, budget=st.integers(1, 4000))
def test_symmetric_tiles_cover_the_upper_triangle_only(n, budget):
    seen = np.zeros((n, n), dtype=int)
    tiles = plan(n, n, 8, budget, symmetric=True)
    for rows, columns in tiles:
        seen[rows, columns] += 1
        cells = (rows.stop - rows.start) * (columns.stop - columns.start)
        assert cells * 8 <= budget or cells == 1
        assert rows == columns or rows.stop <= columns.start
    assert (seen[np.triu_indices(n)] == 1).all()
    assert seen.max(initial=0) <= 1


def test_symmetric_needs_a_square():
    with pytest.raises(ValueError, match="n=2, m=3"):
        plan(2, 3, symmetric=True)


def test_few_rows_get_wide_tiles():
    assert tile_shape(1, 10**6) == (1, 2**18)
    assert tile_shape(10**6, 1) == (2**18, 1)
    assert tile_shape(10**4, 10**4) == (512, 512)
