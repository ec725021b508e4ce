"""Ratios of times in one run, after a warm-up, from the best of several calls."""

import json
import re
import subprocess
import sys
import time


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(what, ours, theirs, at_least=None, repeat=3):
    """Print how many times faster `ours` is than `theirs`: the best of two rounds of `repeat` calls each.

    The calls of a round follow each other, after one that does not count: the threads of a BLAS go on spinning for some
    20 ms after its last call, into the time of whoever comes next.
    """
    rounds = [(_best(ours, repeat), _best(theirs, repeat)) for _ in range(2)]
    a, b = (min(column) for column in zip(*rounds, strict=True))
    wanted = "" if at_least is None else f"  (wanted {at_least}x)"
    print(f"{what:<58} {a:8.3f} s against {b:8.3f} s: {b / a:6.2f}x{wanted}", flush=True)
    return b / a


def _best(function, repeat):
    function()
    return min(seconds(function) for _ in range(repeat))


def peak_memory(script, *arguments):
    """Return what `script` prints as JSON when run by itself."""
    done = subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def resident_bytes():
    """Return the largest resident set of this process so far."""
    # Not getrusage: its figure is inherited from the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def replace_marked(path, script, text):
    """Put `text` between the marks of a script in a file, in place of what is there."""
    begin, end = f"<!-- begin: benchmarks/{script} -->", f"<!-- end: benchmarks/{script} -->"
    new, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{text}\n\n{end}", path.read_text(), flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{path} must hold the marks {begin} and {end} once, found {count}")
    path.write_text(new)
