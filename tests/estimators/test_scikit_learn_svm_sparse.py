"""scikit-learn's own tests of support vector machines on sparse rows, with our classes in place of theirs."""

import inspect
import re

import pytest

from tests.estimators.as_scikit_learn import WITHOUT_PROBABILITY, either_solver, skip  # noqa: F401

theirs = pytest.importorskip("sklearn.svm.tests.test_sparse")
pytestmark = pytest.mark.filterwarnings("default")

DENSE = "a function of X and Y gets dense rows"
DIFFERENCES = {
    "test_error": "sparse rows are predicted by a model fitted on dense ones",
    "test_sparse_svc_clone_with_callable_kernel": DENSE,
    "test_svc_with_custom_kernel": DENSE,
    "test_timeout": DENSE,
}
ADAPTED = [
    (r"(from sklearn import .*), svm\n", r"\1\nimport tests.estimators.as_scikit_learn as svm\n"),
    *WITHOUT_PROBABILITY,
    (r"svm\.SVC\(", "svm.SVC(tol=1e-10, "),  # dense rows are centred, so rounding differs
    (r"svm\.OneClassSVM\(", "svm.OneClassSVM(tol=1e-10, max_iter=100000, "),  # a linear kernel never gets there
    (r"isinstance\(dense_svm, svm.OneClassSVM\)", "hasattr(dense_svm, 'offset_')"),
    (r"with pytest.raises\(ValueError, match=msg\):(\s+dense_svm.predict)", r"if True:\1"),
    # Coefficients are dense here.
    (r"assert sparse\.issparse\(\w+\.(dual_)?coef_\)", "pass"),
    (r"\b((dual_)?coef_\w*)\.toarray\(\)", r"\1"),
    (r"tols = dict\(rtol=1e-12, atol=1e-14\)", "tols = dict(rtol=1e-6, atol=1e-12)"),
    (r"(dense_svm\.dual_coef_, sparse_svm\.dual_coef_)", r"\1, rtol=1e-4"),  # duplicate rows share theirs
    (r"(?m)^def test_(\w*(linear_?sv|liblinear)\w*)", r"def _\1"),
]

source = inspect.getsource(theirs)
for pattern, replacement in ADAPTED:
    source = re.sub(pattern, replacement, source)
exec(compile(source, theirs.__file__, "exec"))
skip(globals(), DIFFERENCES)
