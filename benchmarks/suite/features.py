"""Explicit, random and landmark features."""

from kernelkit import NTK, FourierFeatures, Gaussian, Nystroem, Polynomial, RandomFourier, RandomNeural, explicit

from .data import rows

MAPS = {
    "RandomFourier": RandomFourier(Gaussian(4.0), n_components=500, random_state=0),
    "Nystroem": Nystroem(Gaussian(4.0), n_components=300, random_state=0),
    "RandomNeural": RandomNeural(NTK(), n_components=200, random_state=0),
    "FourierFeatures": FourierFeatures(n_frequencies=100, random_state=0),
    "explicit": explicit(Polynomial(2)),
}


class Maps:
    """Fits and transforms."""

    params = (list(MAPS), ["float64", "float32"])
    param_names = ("map", "dtype")

    def setup(self, name, dtype):
        self.X = rows(10_000, dtype=dtype)
        self.map = MAPS[name].fit(self.X)

    def time_fit(self, name, dtype):
        self.map.fit(self.X)

    def time_transform(self, name, dtype):
        self.map.transform(self.X)

    def peakmem_transform(self, name, dtype):
        self.map.transform(self.X)
