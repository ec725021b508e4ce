"""The slow truth: every kernel as a formula on two rows of Python floats, every matrix as a double loop.

Nothing here comes from kernelkit. Where scikit-learn names the formula, the same letters are used.
"""

import functools
import itertools
import math

import mpmath
import numpy as np
import scipy.special


def matrix(k, X, Y=None):
    """The matrix of k over all pairs of rows, in float64."""
    X = floats(X)
    Y = X if Y is None else floats(Y)
    return np.array([[k(x, y) for y in Y] for x in X], dtype=np.float64).reshape(len(X), len(Y))


def diagonal(k, X):
    return np.array([k(x, x) for x in floats(X)], dtype=np.float64)


def floats(X):
    return np.asarray(X, dtype=np.float64).tolist()


def dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def distance(x, y, sigma):
    """The Euclidean distance in units of sigma, a number or one for each feature."""
    sigma = [float(s) for s in np.broadcast_to(sigma, len(x))]
    return math.hypot(*((a - b) / s for a, b, s in zip(x, y, sigma, strict=True)))


# Each function below takes hyperparameters and returns a formula on two rows.


def linear():
    return dot


def polynomial(degree=3, gamma=1.0, coef0=1.0):
    return lambda x, y: (gamma * dot(x, y) + coef0) ** degree


def sigmoid(gamma=1.0, coef0=0.0):
    return lambda x, y: math.tanh(gamma * dot(x, y) + coef0)


def cosine():
    def k(x, y):
        norms = math.hypot(*x) * math.hypot(*y)
        return dot(x, y) / norms if norms else 0.0

    return k


def constant(value=1.0):
    return lambda x, y: value


def gaussian(sigma=1.0):
    return lambda x, y: math.exp(-0.5 * distance(x, y, sigma) ** 2)


def laplacian(sigma=1.0):
    def k(x, y):
        sigmas = [float(s) for s in np.broadcast_to(sigma, len(x))]
        return math.exp(-math.fsum(abs(a - b) / s for a, b, s in zip(x, y, sigmas, strict=True)))

    return k


def matern(sigma=1.0, nu=1.5):
    """Rasmussen and Williams (2006), equation 4.14."""

    def k(x, y):
        z = math.sqrt(2 * nu) * distance(x, y, sigma)
        if z < 1e-30:  # the Bessel function overflows
            return 1.0
        return 2 ** (1 - nu) / math.gamma(nu) * z**nu * float(scipy.special.kv(nu, z))

    return k


def rational_quadratic(sigma=1.0, shape=1.0):
    return lambda x, y: (1 + distance(x, y, sigma) ** 2 / (2 * shape)) ** -shape


def add(k1, k2):
    return lambda x, y: k1(x, y) + k2(x, y)


def multiply(k1, k2):
    return lambda x, y: k1(x, y) * k2(x, y)


def power(k, exponent):
    return lambda x, y: k(x, y) ** exponent


def columns(k, index):
    return lambda x, y: k([x[i] for i in index], [y[i] for i in index])


def features(phi):
    """The kernel phi(x) . phi(y) of a map of one row."""
    return lambda x, y: dot(phi(x), phi(y))


def monomials(degree):
    """All monomials of at most the degree, with coefficient one."""

    def phi(x):
        terms = (itertools.combinations_with_replacement(x, p) for p in range(degree + 1))
        return [math.prod(term) for term in itertools.chain.from_iterable(terms)]

    return phi


def standardised(X):
    """The map that centres and scales a row as the columns of X say."""
    X = np.asarray(X, dtype=np.float64)
    mean, sd = X.mean(axis=0), X.std(axis=0)
    return lambda x: [(a - m) / s for a, m, s in zip(x, mean, sd, strict=True)]


# Ridge by solving the whole problem anew, which no closed form may disagree with.


def ridge(K, y, alpha, weight=None, fit_intercept=False):
    """Dual coefficients and intercept that minimise sum_i w_i (y_i - f_i - b)^2 + alpha c'Kc, where f = Kc.

    With W^-1 the inverse weights, (K + alpha W^-1) c + b = y and, with an intercept, sum(c) = 0; rows of weight zero
    have c = 0. One column of y after the other.
    """
    y = np.asarray(y, dtype=np.float64)
    n = len(y)
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    kept = np.flatnonzero(weight)
    M = K[np.ix_(kept, kept)] + np.diag(alpha / weight[kept])
    right = y[kept].reshape(len(kept), -1)
    if fit_intercept:
        one = np.ones((len(kept), 1))
        M = np.block([[M, one], [one.T, np.zeros((1, 1))]])
        right = np.vstack([right, np.zeros((1, right.shape[1]))])
    solution = np.linalg.solve(M, right)
    coef = np.zeros((n, right.shape[1]))
    coef[kept] = solution[: len(kept)]
    intercept = solution[len(kept)] if fit_intercept else np.zeros(right.shape[1])
    return coef.reshape(y.shape), intercept if y.ndim == 2 else float(intercept[0])


def held_out_predictions(K, y, alpha, folds, weight=None, fit_intercept=False):
    """What ridge predicts for the rows of each fold (an array of row numbers) when fitted on all others."""
    y = np.asarray(y, dtype=np.float64)
    n = len(y)
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    out = np.full(y.shape, np.nan)
    for fold in folds:
        rest = np.setdiff1d(np.arange(n), fold)
        coef, intercept = ridge(K[np.ix_(rest, rest)], y[rest], alpha, weight[rest], fit_intercept)
        out[fold] = K[np.ix_(fold, rest)] @ coef + intercept
    return out


def leave_one_out_predictions(K, y, alpha, weight=None, fit_intercept=False):
    return held_out_predictions(K, y, alpha, [np.array([i]) for i in range(len(y))], weight, fit_intercept)


# Infinitely wide networks, with 30 digits: angles lose half of float64's.

mp = mpmath.mp.clone()
mp.dps = 30


def _angle(c, q_x, q_y):
    cosine = c / mp.sqrt(q_x * q_y)
    return mp.acos(max(-1, min(1, cosine)))


def rectifier_dual(negative=0.0, positive=1.0):
    """E f(u) f(v) and E f'(u) f'(v) for f(z) = positive z or negative z; Cho and Saul (2009), equation 6."""

    def dual(c, q_x, q_y):
        if q_x == 0 or q_y == 0:
            return mp.mpf(0), mp.mpf(0)
        t = _angle(c, q_x, q_y)
        relu = mp.sqrt(q_x * q_y) * (mp.sin(t) + (mp.pi - t) * mp.cos(t)) / (2 * mp.pi)
        bend, both = mp.mpf(positive - negative) ** 2, mp.mpf(positive) * negative
        return bend * relu + both * c, bend * (mp.pi - t) / (2 * mp.pi) + both

    return dual


def erf_dual(c, q_x, q_y):
    """Williams (1998), equation 11."""
    s = (1 + 2 * q_x) * (1 + 2 * q_y)
    return 2 / mp.pi * mp.asin(2 * c / mp.sqrt(s)), 4 / mp.pi / mp.sqrt(s - 4 * c**2)


def sine_dual(c, q_x, q_y):
    return mp.exp(-(q_x + q_y) / 2) * mp.sinh(c), mp.exp(-(q_x + q_y) / 2) * mp.cosh(c)


def cosine_dual(c, q_x, q_y):
    return sine_dual(c, q_x, q_y)[::-1]


def gelu_dual(c, q_x, q_y):
    """E u P(u) v P(v) for the normal distribution function P, by parts; the slope is its derivative in c."""

    def kappa(c):
        D = (1 + q_x) * (1 + q_y) - c**2
        cut = 1 / (1 + q_x) + 1 / (1 + q_y) - 1
        quarter = mp.mpf(1) / 4 + mp.asin(c / mp.sqrt((1 + q_x) * (1 + q_y))) / (2 * mp.pi)
        return c * quarter + (q_x * q_y + c**2 * cut) / (2 * mp.pi * mp.sqrt(D))

    return kappa(c), mp.diff(kappa, c, h=mp.mpf(10) ** -10)


def network(dual, depth=1, weight=2.0, bias=0.0, fixed=0, tangent=True, scale_by_d=True):
    """The NTK, or with tangent=False the NNGP, layer by layer for one pair; Arora et al. (2019), equations 7 to 9."""

    @functools.cache
    def k(x, y):
        w, b = mp.mpf(weight), mp.mpf(bias)
        scale = w / len(x) if scale_by_d else mp.mpf(1)
        c, q_x, q_y = (scale * mp.fdot(p, q) + b for p, q in ((x, y), (x, x), (y, y)))
        theta = c if fixed == 0 else mp.mpf(0)
        for layer in range(1, depth + 1):
            kappa, slope = dual(c, q_x, q_y)
            q_x, q_y = (w * dual(q, q, q)[0] + b for q in (q_x, q_y))
            c = w * kappa + b
            theta = w * slope * theta + (c if layer >= fixed else 0)
        return float(theta if tangent else c)

    return lambda x, y: k(tuple(x), tuple(y))


def finite_network(width, seed, part="both"):
    """The tangent kernel of a two-layer network of rectified linear units, as gradients multiplied out."""

    def k(x, y):
        rng = np.random.RandomState(seed)
        a, b = rng.normal(size=(width, len(x))).tolist(), rng.normal(size=width).tolist()
        active = [(dot(w, x) > 0, dot(w, y) > 0) for w in a]
        hidden = math.fsum(c**2 for c, (on_x, on_y) in zip(b, active, strict=True) if on_x and on_y) * dot(x, y)
        output = math.fsum(max(dot(w, x), 0) * max(dot(w, y), 0) for w in a)
        return {"both": hidden + output, "hidden": hidden, "output": output}[part] / width

    return k


def arc_cosine(order=1, depth=1):
    """Cho and Saul (2009), equations 4 to 7 and 11; zero where a row is."""

    def angular(t):
        sine, cosine = mp.sin(t), mp.cos(t)
        return (
            mp.pi - t,
            sine + (mp.pi - t) * cosine,
            3 * sine * cosine + (mp.pi - t) * (1 + 2 * cosine**2),
        )[order]

    def k(x, y):
        c, q_x, q_y = (mp.fdot(p, q) for p, q in ((x, y), (x, x), (y, y)))
        if q_x == 0 or q_y == 0:
            return 0.0
        for _ in range(depth):
            sizes = [mp.sqrt(p * q) ** order / mp.pi for p, q in ((q_x, q_y), (q_x, q_x), (q_y, q_y))]
            c, q_x, q_y = sizes[0] * angular(_angle(c, q_x, q_y)), sizes[1] * angular(0), sizes[2] * angular(0)
        return float(c)

    return k
