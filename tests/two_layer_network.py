"""A two-layer network trained by full-batch gradient descent: what the neural tangent kernel is the limit of."""

import numpy as np


class TwoLayerNetwork:
    """f(x) = m^(-1/2) sum_i b_i s(a_i.x) with a_i the rows of `hidden`, shape (m, d), and b = `output`, shape (m,).

    The activation is an object with s as `function` and s' as `derivative`.
    """

    def __init__(self, activation, hidden, output):
        self.activation = activation
        self.hidden = hidden
        self.output = output

    @classmethod
    def random(cls, activation, width, n_features, rng):
        return cls(activation, rng.normal(size=(width, n_features)), rng.normal(size=width))

    def __call__(self, X):
        return self.activation.function(X @ self.hidden.T) @ self.output / np.sqrt(len(self.output))

    def gradients(self, X, error):
        """Gradients of 1/2 sum_j (f(x_j) - y_j)^2 in the two layers, where `error` is f(X) - y."""
        Z, scale = X @ self.hidden.T, np.sqrt(len(self.output))
        hidden = (self.activation.derivative(Z) * self.output).T @ (error[:, None] * X) / scale
        return hidden, error @ self.activation.function(Z) / scale

    def trained(self, X, y, learning_rate, steps):
        """The network after some steps of gradient descent."""
        network = TwoLayerNetwork(self.activation, self.hidden.copy(), self.output.copy())
        for _ in range(steps):
            hidden, output = network.gradients(X, network(X) - y)
            network.hidden -= learning_rate * hidden
            network.output -= learning_rate * output
        return network
