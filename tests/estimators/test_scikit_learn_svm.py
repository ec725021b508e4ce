"""scikit-learn's own tests of support vector machines, with our classes in place of theirs.

What differs on purpose is skipped with the reason; docs/svm.md tells users the same.
"""

import inspect
import re

import pytest

from tests.estimators.as_scikit_learn import WITHOUT_PROBABILITY, either_solver, skip  # noqa: F401

theirs = pytest.importorskip("sklearn.svm.tests.test_svm")
pytestmark = pytest.mark.filterwarnings("default")

PRIVATE = "uses private attributes"
NEGATIVE = "negative weights are refused, and the message for zero weights is ours"
NO_PROBABILITY = "probability is left to CalibratedClassifierCV"
DIFFERENCES = {
    "test_bad_input": "sparse rows are predicted by a model fitted on dense ones",
    "test_consistent_proba": NO_PROBABILITY,
    "test_custom_kernel_not_array_input": "a function of X and Y gets numbers; other input needs a Kernel class",
    "test_hasattr_predict_proba": NO_PROBABILITY,
    "test_negative_sample_weights_mask_all_samples": NEGATIVE,
    "test_negative_weight_equal_coeffs": NEGATIVE,
    "test_negative_weights_svc_leave_just_one_label": NEGATIVE,
    "test_negative_weights_svc_leave_two_labels": NEGATIVE,
    "test_probability": NO_PROBABILITY,
    "test_probability_raises_futurewarning": NO_PROBABILITY,
    "test_sparse_fit_support_vectors_empty": "dual_coef_ is dense",
    "test_sparse_precomputed": "the message is check_array's",
    "test_svc_nusvc_probA_probB_deprecated": NO_PROBABILITY,
    "test_svc_raises_error_internal_representation": PRIVATE,
    "test_svc_ovr_tie_breaking": "a value of exactly zero votes for the same class in predict and decision_function",
    "test_svr_errors": "a kernel of the wrong shape is refused by fit already",
    "test_tweak_params": PRIVATE,
}
ADAPTED = [
    *WITHOUT_PROBABILITY,
    (r"from sklearn.svm import", "from tests.estimators.as_scikit_learn import"),
    (r"(from sklearn import .*), svm\n", r"\1\nimport tests.estimators.as_scikit_learn as svm\n"),
    (r"gamma=(clf|reg)\.gamma", r"gamma=0.5 / \1.kernel_.sigma ** 2"),
    (r"clf\._gamma", "0.5 / clf.kernel_.sigma ** 2"),
    (r"\\b((Nu)?SV[CR])\\b", r"\\bKernel\1\\b"),
    (r"The dual coefficients or intercepts are not finite", "not finite"),
    # Those of the linear machines test no class of ours.
    (r"(?m)^def test_(\w*(linear_?sv|liblinear|crammer|lsvc|dual_auto)\w*)", r"def _\1"),
]

source = inspect.getsource(theirs)
for pattern, replacement in ADAPTED:
    source = re.sub(pattern, replacement, source)
exec(compile(source, theirs.__file__, "exec"))
skip(globals(), DIFFERENCES)
