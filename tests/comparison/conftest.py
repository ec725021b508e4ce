"""Comparisons in these tests do without the separate process for memory, which takes seconds; test_costs has it."""

import pytest

from kernelkit.comparison import _memory


@pytest.fixture(autouse=True, scope="package")
def no_memory_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_memory, "known_here", lambda: False)
        yield
