"""Whether a difference between two models is shown, or could be the luck of the folds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

LEVEL = 0.05
LEAST_ERROR = 1e-8  # of the variance: what is smaller is exact for every purpose
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """How one model compares with another over the folds.

    Attributes
    ----------
    gain : float
        Mean difference of the scores; positive where the first model is better.
    mean, low, high, p : float
        What was tested: the mean of the paired differences, its 95% interval and two-sided p-value.
    """

    gain: float
    mean: float
    low: float
    high: float
    p: float

    @property
    def shown(self) -> bool:
        """Whether the first model is shown to be better."""
        return self.gain > 0 and self.mean > 0 and self.p < LEVEL

    @property
    def shown_worse(self) -> bool:
        """Whether the first model is shown to be worse."""
        return self.gain < 0 and self.mean < 0 and self.p < LEVEL


def compare_scores(task: str, first: Any, second: Any, test_share: float, fold_rows: float = math.inf) -> Difference:
    """Compare two models by their scores on the same folds, each of shape (k,), with `fold_rows` test rows a fold.

    Accuracies are compared as they are; their differences are known to a whole row, so that a standard deviation
    below 1 / fold_rows counts as that: three folds with one more row right each are not certainty.
    R2 is compared as -log(1 - R2), the log of the squared error: folds differ in how hard they are, which multiplies
    errors, and one hard fold should not drown what all folds agree on.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    gain = float(np.mean(first - second))
    if task == "regression":
        first, second = (-np.log(np.maximum(1 - r2, LEAST_ERROR)) for r2 in (first, second))
        return Difference(gain, *paired_test(first, second, test_share))
    return Difference(gain, *paired_test(first, second, test_share, least_sd=1 / fold_rows))


def paired_test(first: Any, second: Any, test_share: float, least_sd: float = 0.0) -> tuple[float, float, float, float]:
    """Return mean, 95% interval and two-sided p-value of paired differences, by the corrected resampled t-test.

    t = mean(d) / sqrt((1/k + n_test/n_train) var(d)), with k - 1 degrees of freedom: training sets overlap, so the
    naive variance var(d) / k is too small.

    Parameters
    ----------
    first, second : array-like of shape (k,)
        Scores of the two models on the same k folds; higher is better.
    test_share : float
        n_test / n_train.
    least_sd : float
        What a smaller standard deviation of the differences is taken for.

    References
    ----------
    C. Nadeau and Y. Bengio (2003), Inference for the generalization error, Machine Learning 52, section 4.

    Examples
    --------
    >>> mean, low, high, p = paired_test([0.9, 0.8, 0.9], [0.6, 0.6, 0.5], test_share=0.5)
    >>> round(mean, 3), round(p, 3)
    (0.3, 0.081)
    """
    d = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    d[np.abs(d) < _ROUNDING] = 0
    k, mean = len(d), float(d.mean())
    sd = max(float(d.std(ddof=1)), least_sd if mean else 0.0)
    error = math.sqrt(1 / k + test_share) * sd
    if error <= _ROUNDING * abs(mean):
        return mean, mean, mean, 1.0 if mean == 0 else 0.0
    reach = error * float(stats.t.ppf(1 - LEVEL / 2, k - 1))
    return mean, mean - reach, mean + reach, float(2 * stats.t.sf(abs(mean) / error, k - 1))


def mean_with_error(gains: np.ndarray, clusters: np.ndarray | None = None) -> tuple[float, float]:
    """Return the mean of one number for each held-out row, and the standard error of that mean.

    Rows of one cluster may depend on each other: their deviations are summed before they are squared,
    sqrt(g / (g - 1) sum_c (sum_{i in c} (gain_i - mean))^2) / n, with g clusters and n rows. Without clusters each row
    is one of its own, and this is sd / sqrt(n).

    References
    ----------
    K.-Y. Liang and S. Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73.

    Examples
    --------
    >>> mean, error = mean_with_error(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    >>> mean, error == mean_with_error(np.array([1.0, 3.0]))[1]
    (2.0, True)
    """
    mean, n = float(gains.mean()), len(gains)
    cluster = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    together = np.bincount(cluster, gains - mean)
    g = len(together)
    return mean, math.sqrt(g / max(g - 1, 1) * float(np.sum(together**2))) / n
