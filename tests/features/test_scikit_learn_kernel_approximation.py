"""scikit-learn's own tests of RBFSampler and Nystroem, with our classes in place of theirs.

What differs on purpose is skipped with the reason; docs/features.md tells users the same.
"""

import inspect
import re

import pytest

from tests.estimators.as_scikit_learn import skip

theirs = pytest.importorskip("sklearn.tests.test_kernel_approximation")
pytestmark = pytest.mark.filterwarnings("default")

NOT_THEIRS = "no random offsets, and the frequencies are frequencies_, in float64"
DIFFERENCES = {
    "test_nystroem_callable": "a function takes two matrices, not two rows, and no parameters beside",
    "test_nystroem_poly_kernel_params": "the degree of a polynomial is an integer",
    "test_rbf_sampler_dtype_equivalence": NOT_THEIRS,
    "test_rbf_sampler_fitted_attributes_dtype": NOT_THEIRS,
}
ADAPTED = [
    (r"    Nystroem,\n", ""),
    (r"    RBFSampler,\n", ""),
    (r"import re\n", "from tests.estimators.as_scikit_learn import Nystroem, RBFSampler\nimport re\n"),
    # additive_chi2 is not positive semi-definite: k(x, x) = 0.
    (r"in kernels_available:", "in set(kernels_available) - {'additive_chi2'}:"),
    (r"component_indices_", "landmark_indices_"),
    (r"(?s)    # if degree, gamma or coef0 is passed, we raise a ValueError.*?ny\.fit\(\w+\)\n", ""),
    # Those of the other maps test no class of ours, and arrays of other libraries are not taken yet.
    (r"(?m)^def test_(polynomial|additive|skewed|\w*array_api)", r"def _\1"),
]

source = inspect.getsource(theirs)
for pattern, replacement in ADAPTED:
    source, count = re.subn(pattern, replacement, source)
    assert count, pattern
exec(compile(source, theirs.__file__, "exec"))
skip(globals(), DIFFERENCES)
