"""scikit-learn's own tests of KernelPCA, with our class in place of theirs.

What differs on purpose is skipped with the reason; docs/pca.md tells users the same.
"""

import inspect
import re

import pytest

from tests.estimators.as_scikit_learn import skip

theirs = pytest.importorskip("sklearn.decomposition.tests.test_kernel_pca")
pytestmark = pytest.mark.filterwarnings("default")

DIFFERENCES = {
    "test_kernel_pca_inverse_correct_gamma": "a rule for gamma is applied to the components, not to the rows",
    "test_kernel_pca_precomputed_non_symmetric": "a matrix that is not symmetric is an error",
    "test_remove_zero_eig": "rows that are all the same are an error",
}
ADAPTED = [
    (
        r"from sklearn.decomposition import PCA, KernelPCA",
        "from sklearn.decomposition import PCA\nfrom tests.estimators.as_scikit_learn import KernelPCA",
    ),
    (r"kernel_pca__gamma=2.0 \*\* np.arange\(-2, 2\)", "kernel_pca__kernel__sigma=2.0 ** np.arange(-2, 2)"),
    # The largest eigenvalues, as the other solvers have, not the largest in size.
    (r'if solver == "randomized":', "if False:"),
]

source = inspect.getsource(theirs)
for pattern, replacement in ADAPTED:
    source, count = re.subn(pattern, replacement, source)
    assert count
exec(compile(source, theirs.__file__, "exec"))
skip(globals(), DIFFERENCES)
