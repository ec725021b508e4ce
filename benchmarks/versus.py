"""kernelkit against every peer that is installed, on the same work, in one run.

    python benchmarks/versus.py [--quick] [--only gram,svc-fit] [--write docs/performance.md]

Peers: scikit-learn, scikit-learn-intelex, himalaya, scikit-ntk, rfflearn, torchkm, thundersvm; those that are not
installed are left out, and named. Each work is called once without a clock, then timed, the best of several; ratios are
times of the peer over times of kernelkit. Where both return numbers that should be equal, the largest difference is
printed, relative to the largest number. `--write` makes table and figure of the docs: it replaces what stands between
the marks of this script in a file, and draws versus.svg beside it. `--quick` has small sizes: it tries the script, and
measures nothing.
"""

import argparse
import platform
import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import numpy as np
from measure import replace_marked, seconds
from versus_works import WORKS

import kernelkit

ENOUGH, MOST_CALLS = 3.0, 5  # seconds and calls of one measurement


@dataclass
class Line:
    """One work and one peer: seconds of both, and by how much their results differ."""

    work: str
    peer: str
    ours: float
    theirs: float
    difference: float | None

    @property
    def ratio(self):
        """How many times faster kernelkit is."""
        return self.theirs / self.ours


@dataclass
class Found:
    """All lines, and the peers that were not there."""

    lines: list[Line] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)


def best(call):
    """Return the least time of a few calls after one that does not count, and what that one returned."""
    result, times = call(), []
    while not times or (sum(times) < ENOUGH and len(times) < MOST_CALLS):
        times.append(seconds(call))
    return min(times), result


def difference(ours, theirs):
    """Return the largest difference relative to the largest number; None where there is nothing to compare."""
    if ours is None or theirs is None:
        return None
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def measure(work, quick, found):
    """Time one work by kernelkit and by its peers, and print a line for each."""
    calls = work.prepare(quick)
    own, result = best(calls.pop("kernelkit"))
    for peer, make in calls.items():
        try:
            call = make()
        except (ImportError, OSError):  # OSError: a wheel that misses a library of the system
            found.absent.add(peer)
            continue
        theirs, other = best(call)
        line = Line(work.title(quick), peer, own, theirs, difference(result, other))
        found.lines.append(line)
        equal = "" if line.difference is None else f"  differ by {line.difference:.0e}"
        times = f"{own:9.4f} s against {theirs:9.4f} s: {line.ratio:7.2f}x"
        print(f"{line.work:<58} {peer:<22} {times}{equal}", flush=True)


def table(found):
    """Return the lines as Markdown."""
    rows = ["| work | peer | seconds, ours | peer's | times faster | results differ by |", "|---|---|---|---|---|---|"]
    for line in found.lines:
        equal = "" if line.difference is None else f"{line.difference:.0e}"
        rows.append(
            f"| {line.work} | {line.peer} | {line.ours:.3g} | {line.theirs:.3g} | **{line.ratio:.2g}** | {equal} |"
        )
    absent = f"\n\nNot installed, and left out: {', '.join(sorted(found.absent))}." if found.absent else ""
    return "\n".join(rows) + absent


def machine():
    """Return what the figures were measured on, as `kernelkit.show_versions` says it."""
    with redirect_stdout(StringIO()) as said:
        kernelkit.show_versions()
    lines = re.sub(r", /\S+", "", said.getvalue().strip())  # less where the libraries lie
    return f"```text\n{platform.machine()}, {platform.system()}\n{lines}\n```"


def draw(found, path):
    """Draw the ratios as bars: to the right of the line kernelkit is faster."""
    from matplotlib import pyplot

    lines = found.lines[::-1]
    names = [f"{line.work}\n{line.peer}" for line in lines]
    ratios = [line.ratio for line in lines]
    figure, ax = pyplot.subplots(figsize=(9, 0.55 * len(lines) + 1), layout="constrained")
    colours = ["#1f77b4" if ratio >= 1 else "#d95f02" for ratio in ratios]
    bars = ax.barh(names, [np.log2(ratio) for ratio in ratios], color=colours)
    ax.bar_label(bars, [f"{ratio:.2g}x" for ratio in ratios], padding=3, fontsize="small")
    ticks = [k for k in range(-3, 12) if min(ratios) / 2 <= 2.0**k <= 2 * max(ratios)]
    ax.set_xticks(ticks, [f"{2.0**k:g}x" for k in ticks])
    ax.axvline(0, color="black", linewidth=0.8)
    ax.margins(x=0.1)
    ax.tick_params(axis="y", labelsize="small")
    ax.set_xlabel("times faster than the peer (logarithmic)")
    figure.savefig(path, metadata={"Date": None})


def write(path, found):
    """Put table and machine between the marks of `path`, and the figure beside it."""
    text = f"![times faster than each peer](versus.svg)\n\n{table(found)}\n\nMeasured on:\n\n{machine()}"
    replace_marked(path, Path(__file__).name, text)
    draw(found, path.with_name("versus.svg"))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", default="", help="names of works, separated by commas")
    options.add_argument("--quick", action="store_true", help="small sizes, to try the script")
    options.add_argument("--write", type=Path, help="a Markdown file that holds the marks of this script")
    options = options.parse_args()
    chosen = [name for name in options.only.split(",") if name]
    known = [work.name for work in WORKS]
    unknown = [name for name in chosen if name not in known]
    if unknown:
        sys.exit(f"--only: no work is called {unknown[0]!r}; there are {', '.join(known)}")
    found = Found()
    for work in WORKS:
        if not chosen or work.name in chosen:
            measure(work, options.quick, found)
    if found.absent:
        print(f"not installed, and left out: {', '.join(sorted(found.absent))}")
    if options.write:
        write(options.write, found)


if __name__ == "__main__":
    main()
