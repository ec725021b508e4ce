"""What estimators that predict through a kernel have in common."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from ..engine import KernelOperator, MatrixOperator
from ..kernels import KernelEstimator, kernel_operator


class TrainedOnRows(KernelEstimator):
    """An estimator that keeps its training rows and meets them again through a kernel."""

    def _against_training(self, X: Any) -> KernelOperator | MatrixOperator:
        """Return the kernel values between new rows and the training rows, shape (m, n)."""
        check_is_fitted(self)
        X = self._rows_like([self.kernel_], X, reset=False)
        return kernel_operator(self.kernel_, X, self.X_fit_)
