"""The members of the family of wide networks: NNGP, NTK and the arc-cosine kernels."""

from __future__ import annotations

from typing import Any

from .._validation import check_number
from ._activations import RectifiedPower, as_activation
from ._network import Architecture, Network


class NNGP(Network):
    """The covariance of an infinitely wide network with random weights: the neural network Gaussian process.

    With k_0(x, y) = weight_variance x.y / d + bias_variance, each of `depth` hidden layers makes
    k_l = weight_variance E[f(z_x) f(z_y)] + bias_variance of Gaussian (z_x, z_y) with covariance k_{l-1}.

    Parameters
    ----------
    depth : int
        Number of hidden layers, at least 1.
    activation : str or Activation
        "relu", "leaky_relu", "abs", "identity", "erf", "gelu", "sin", "cos", or an object.
    weight_variance : float
        Above 0; weights have this variance over the number of inputs of their layer, the output layer included.
    bias_variance : float
        At least 0.
    weight_variance_bounds, bias_variance_bounds : pair of floats or "fixed"
        Ranges in which Gaussian processes tune them; a bias of 0 stays 0.

    References
    ----------
    Lee, Bahri, Novak, Schoenholz, Pennington and Sohl-Dickstein (2018), Deep neural networks as Gaussian processes,
    eq. 4 and 5.

    Examples
    --------
    >>> NNGP(depth=2)([[1.0, 0.0], [0.0, 1.0]]).round(3)
    array([[1.   , 0.494],
           [0.494, 1.   ]])
    """

    def __init__(
        self,
        depth: int = 1,
        activation: Any = "relu",
        weight_variance: float = 2.0,
        bias_variance: float = 0.0,
        weight_variance_bounds: Any = (1e-5, 1e5),
        bias_variance_bounds: Any = (1e-5, 1e5),
    ):
        self.depth = depth
        self.activation = activation
        self.weight_variance = weight_variance
        self.bias_variance = bias_variance
        self.weight_variance_bounds = weight_variance_bounds
        self.bias_variance_bounds = bias_variance_bounds

    @property
    def architecture(self) -> Architecture:
        return _architecture(self, fixed_layers=self.depth)


class NTK(Network):
    """The neural tangent kernel: the inner product of an infinitely wide network's gradients in its weights and biases.

    With k_l as for `NNGP`, t_0 = k_0 and t_l = k_l + weight_variance E[f'(z_x) f'(z_y)] t_{l-1}. Kernel regression with
    it is what such a network becomes under gradient descent, its weights being standard normal numbers at first, each
    multiplied by sqrt(weight_variance / fan-in) in use (the "NTK parameterisation").

    Parameters
    ----------
    depth : int
        Number of hidden layers, at least 1.
    activation : str or Activation
        "relu", "leaky_relu", "abs", "identity", "erf", "gelu", "sin", "cos", or an object.
    weight_variance : float
        Above 0; weights have this variance over the number of inputs of their layer, the output layer included.
    bias_variance : float
        At least 0. Without biases one hidden layer has nothing at odd frequencies above 1 on the sphere for "relu".
    fixed_layers : int
        How many of the first of the depth + 1 layers of weights are not trained; all but the last leaves `NNGP`.
    weight_variance_bounds, bias_variance_bounds : pair of floats or "fixed"
        Ranges in which Gaussian processes tune them; a bias of 0 stays 0.

    References
    ----------
    Jacot, Gabriel and Hongler (2018), Neural tangent kernel, theorem 1; Arora, Du, Li, Salakhutdinov, Wang and Yu
    (2020), Harnessing the power of infinitely wide deep nets on small-data tasks, section 3, for `fixed_layers`.

    Examples
    --------
    >>> NTK()([[1.0, 0.0], [0.0, 1.0]]).round(3)
    array([[2.   , 0.318],
           [0.318, 2.   ]])
    """

    def __init__(
        self,
        depth: int = 1,
        activation: Any = "relu",
        weight_variance: float = 2.0,
        bias_variance: float = 0.0,
        fixed_layers: int = 0,
        weight_variance_bounds: Any = (1e-5, 1e5),
        bias_variance_bounds: Any = (1e-5, 1e5),
    ):
        self.depth = depth
        self.activation = activation
        self.weight_variance = weight_variance
        self.bias_variance = bias_variance
        self.fixed_layers = fixed_layers
        self.weight_variance_bounds = weight_variance_bounds
        self.bias_variance_bounds = bias_variance_bounds

    @property
    def architecture(self) -> Architecture:
        return _architecture(self, self.fixed_layers)


def _architecture(network: NNGP | NTK, fixed_layers: int) -> Architecture:
    return Architecture(
        check_number("depth", network.depth, at_least=1, integer=True),
        as_activation(network.activation),
        float(check_number("weight_variance", network.weight_variance, above=0)),
        float(check_number("bias_variance", network.bias_variance, at_least=0)),
        check_number("fixed_layers", fixed_layers, at_least=0, at_most=network.depth, integer=True),
    )


class ArcCosine(Network):
    """k(x, y) = (1 / pi) |x|^n |y|^n J_n(t) of the angle t between x and y, for order n, composed with itself.

    J_0 = pi - t, J_1 = sin t + (pi - t) cos t, J_2 = 3 sin t cos t + (pi - t) (1 + 2 cos^2 t). It is 0 where x or y is.

    Parameters
    ----------
    order : {0, 1, 2}
        n: network units are steps, rectified linear or rectified quadratic ones.
    depth : int
        Number of compositions, at least 1. Of order 2, |x| enters to the power of 2^depth.

    References
    ----------
    Cho and Saul (2009), Kernel methods for deep learning, eq. 3 to 7 and section 2.3.

    Examples
    --------
    >>> ArcCosine(order=0)([[1.0, 0.0]], [[0.0, 2.0]])
    array([[0.5]])
    """

    def __init__(self, order: int = 1, depth: int = 1):
        self.order = order
        self.depth = depth

    @property
    def architecture(self) -> Architecture:
        depth = check_number("depth", self.depth, at_least=1, integer=True)
        order = check_number("order", self.order, at_least=0, at_most=2, integer=True)
        return Architecture(depth, RectifiedPower(order), 2.0, 0.0, fixed_layers=depth, mean_input=False)
