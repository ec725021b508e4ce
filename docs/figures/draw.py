"""Draw the maps and the layers of the pages: ``python docs/figures/draw.py`` writes the SVG files beside this one.

They are narrow, so that their words stay readable on a phone.
"""

from html import escape
from math import exp
from pathlib import Path

WIDTH, LINE, PAD, GAP = 420, 18, 10, 10
SANS, MONO = "system-ui, 'DejaVu Sans', Arial, sans-serif", "ui-monospace, 'DejaVu Sans Mono', Consolas, monospace"
INK, PALE, LEAF, SKY = "#1f2933", "#f1f4f7", "#dff0ec", "#e3ebfa"

KERNEL = [
    ("nothing is known", ["Gaussian", 'sigma="scale"']),
    ("is a line enough?", ["Linear", "the yardstick"]),
    ("kinks, rough curves", ["Matern  nu=0.5, 1.5", "Laplacian"]),
    ("long and short scales", ["RationalQuadratic", "Gaussian + Gaussian"]),
    ("products of columns", ["Polynomial", "few columns: explicit"]),
    ("text, sparse rows", ["Cosine", "Linear"]),
    ("as wide networks do", ["NTK, NNGP", "ArcCosine"]),
    ("columns of all kinds", ["Columns(k, names)", "with + and *"]),
    ("features of your own", ["FeatureKernel", "any transformer"]),
    ("a formula of your own", ["class of 10 lines", "or as_kernel(f)"]),
]
ESTIMATOR = [
    ("numbers", ["KernelRidgeCV", "KernelRidge"]),
    ("numbers, with outliers", ["KernelSVRCV", "KernelSVR"]),
    ("an interval, how sure", ["KernelRidge", "predict_interval"]),
    ("classes", ["KernelRidgeClassifierCV", "KernelSVC, KernelSVCCV"]),
    ("what is unusual", ["KernelOneClassSVM"]),
    ("few columns, pictures", ["KernelPCA"]),
    ("a network in training", ["KernelGradientFlow"]),
    ("features, for others", ["Nystroem, explicit", "RandomFourier"]),
    ("whether it is worth it", ["kernelkit.compare"]),
]
ROWS = [
    ("p features, p below n", ["explicit, or", 'solver="primal"', "exact at any n"]),
    ("up to 5000 rows", ["the CV classes", "alpha and kernel by", "exact leave-one-out"]),
    ("up to 20000", ["KernelRidge, exact", "KernelSVC, KernelPCA"]),
    ("up to 100000", ['solver="cg", exact', 'solver="smo"', "KernelPCA(n_landmarks)"]),
    ("more", ['solver="nystroem"', "RandomFourier + linear"]),
    ("exceeds memory", ["np.memmap, or", "partial_fit"]),
    ("exceeds a machine", ["Dask"]),
]
LAYERS = [
    [("comparison", "kernels against lifting, on your data")],
    [("estimators", "ridge, machines, components, flow")],
    [("features", "kernels as features"), ("inspection", "spectra, pictures")],
    [("kernels", "what is computed"), ("solvers", "algebra on operators")],
    [("engine", "big matrices: tiles, threads, memory")],
    [("_validation", "the only door for arrays and parameters")],
    [("_arrays", "the only folder that knows array libraries")],
]


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a rounded box; lengths are in pixels of a picture 420 wide."""
    shape = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7"'
    return f'{shape} fill="{fill}" stroke="{INK}" stroke-opacity="0.25"/>'


def words(
    x: float, y: float, text: str, *, font: str = SANS, size: float = 15, weight: int = 400, anchor: str = "start"
) -> str:
    """Return one line of text, y being its foot."""
    style = f'font-family="{font}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" fill="{INK}" {style}>{escape(text, quote=False)}</text>'


def arrow(x: float, y: float, length: float) -> str:
    """Return an arrow to the right."""
    tip = x + length
    return (
        f'<path d="M{x:g} {y:g}H{tip - 5:g}M{tip - 7:g} {y - 4:g}L{tip - 1:g} {y:g}L{tip - 7:g} {y + 4:g}"'
        f' fill="none" stroke="{INK}" stroke-opacity="0.6" stroke-width="1.5"/>'
    )


def picture(parts: list[str], height: float, title: str) -> str:
    """Return the SVG file, on white so that dark pages leave it readable."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    )
    ground = f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([f'{head} role="img">', f"<title>{escape(title)}</title>", ground, *parts, "</svg>", ""])


def map_of(pairs: list[tuple[str, list[str]]], title: str, heads: tuple[str, str]) -> str:
    """Return a picture that leads from what one has, on the left, to names of the library, on the right."""
    left, right = 186, 206
    start = WIDTH - right - 1
    y, parts = 34.0, [words(PAD, 20, heads[0], weight=700), words(start + PAD, 20, heads[1], weight=700)]
    for question, names in pairs:
        height = LINE * len(names) + 2 * PAD - 4
        middle = y + height / 2
        parts += [box(1, y, left, height, PALE), words(PAD, middle + 5, question, size=14.5)]
        parts += [arrow(left + 4, middle, start - left - 6), box(start, y, right, height, LEAF)]
        first = middle - LINE * (len(names) - 1) / 2 + 5
        parts += [words(start + PAD, first + LINE * i, name, font=MONO, size=13) for i, name in enumerate(names)]
        y += height + GAP
    return picture(parts, y, title)


def layers() -> str:
    """Return the floors of the package: a floor knows only those below it."""
    height, y, parts = 52, 1.0, []
    for floor in LAYERS:
        width = (WIDTH - 2 - GAP * (len(floor) - 1)) / len(floor)
        for i, (name, purpose) in enumerate(floor):
            x = 1 + i * (width + GAP)
            parts.append(box(x, y, width, height, SKY if name[0] != "_" else PALE))
            parts.append(words(x + width / 2, y + 22, name, font=MONO, size=15, weight=700, anchor="middle"))
            parts.append(words(x + width / 2, y + 42, purpose, size=14, anchor="middle"))
        y += height + 8
    parts.append(words(WIDTH / 2, y + 16, "a floor imports only from floors below it", size=14, anchor="middle"))
    return picture(parts, y + 26, "The layers of kernelkit")


def logo() -> str:
    """Return a bell curve over some points."""
    bell = " ".join(f"{x:g},{52 - 40 * exp(-(((x - 32) / 11) ** 2) / 2):.1f}" for x in range(4, 61, 2))
    curve = f'<polyline points="{bell}" fill="none" stroke="#2166ac" stroke-width="5" stroke-linecap="round"/>'
    dots = [f'<circle cx="{x}" cy="57" r="3.5" fill="#d9822b"/>' for x in (14, 27, 37, 50)]
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64" role="img">'
    return "\n".join([head, "<title>kernelkit</title>", curve, *dots, "</svg>", ""])


def drawings() -> dict[str, str]:
    """Return the name and text of every file."""
    return {
        "choose_kernel.svg": map_of(KERNEL, "Which kernel", ("what you have", "kernel")),
        "choose_estimator.svg": map_of(ESTIMATOR, "Which estimator", ("what you want", "take")),
        "choose_solver.svg": map_of(ROWS, "How many rows", ("rows n", "take")),
        "layers.svg": layers(),
        "logo.svg": logo(),
    }


if __name__ == "__main__":
    for name, text in drawings().items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")
