"""How good predictions are; higher is better for the score that models are compared by."""

from __future__ import annotations

import numpy as np

SCORE = {"regression": "r2", "classification": "accuracy"}
SYMBOL = {"regression": "R²", "classification": "accuracy"}


def scores(task: str, y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return R2 and root mean squared error, or accuracy and balanced accuracy."""
    if task == "regression":
        squares = np.mean((y - predicted) ** 2)
        # As scikit-learn has it: where all rows are alike there is nothing to explain.
        r2 = float(1 - squares / np.var(y)) if np.var(y) else float(squares == 0)
        return {"r2": r2, "rmse": float(np.sqrt(squares))}
    right = y == predicted
    recalls = [right[y == label].mean() for label in np.unique(y)]
    return {"accuracy": float(right.mean()), "balanced_accuracy": float(np.mean(recalls))}


def gains(task: str, y: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Return by how much each row favours `predicted` over `baseline`: shape (n,), the mean is the gain in score."""
    if task == "regression":
        return ((y - baseline) ** 2 - (y - predicted) ** 2) / (np.var(y) or 1.0)
    return (y == predicted).astype(float) - (y == baseline).astype(float)
