"""What `kernelkit.show_versions` tells, and when it gives its hint."""

import numpy as np
import pytest

import kernelkit
from kernelkit import _show_versions
from kernelkit._show_versions import core_type_hint

SKYLAKE = ["sse2", "avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl"]


def test_names_and_versions(capsys):
    kernelkit.show_versions()
    told = dict(line.split(": ", 1) for line in capsys.readouterr().out.split("\n\n")[0].splitlines())
    assert told["kernelkit"] == kernelkit.__version__
    assert told["numpy"] == np.__version__
    assert {"python", "scipy", "scikit-learn", "joblib", "threadpoolctl", "numba", "pandas", "dask"} <= set(told)
    assert "memory available" in told


def test_what_is_not_there_is_told(monkeypatch, capsys):
    monkeypatch.setattr(_show_versions, "OPTIONAL", ("no-such-library",))
    monkeypatch.setattr(_show_versions, "available_bytes", lambda: None)
    kernelkit.show_versions()
    told = capsys.readouterr().out
    assert "no-such-library: not installed" in told and "memory available: not told" in told


@pytest.mark.parametrize("slow", ["Haswell", "Zen"])
def test_avx2_code_on_an_avx512_processor(slow):
    hint = core_type_hint(SKYLAKE, [slow, "SkylakeX", None], {})
    assert slow in hint and "OPENBLAS_CORETYPE=SkylakeX" in hint and "before Python starts" in hint


@pytest.mark.parametrize(
    ("flags", "architectures", "environ"),
    [
        (SKYLAKE, ["SkylakeX", "Cooperlake"], {}),
        (SKYLAKE, [], {}),
        (SKYLAKE, ["Haswell"], {"OPENBLAS_CORETYPE": "Haswell"}),
        (["avx2"], ["Haswell"], {}),
        ([], ["Zen"], {}),
        *([[f for f in SKYLAKE if f != missing], ["Zen"], {}] for missing in SKYLAKE[2:]),
    ],
)
def test_no_hint_where_it_does_not_apply(flags, architectures, environ):
    assert core_type_hint(flags, architectures, environ) is None


def test_the_hint_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(_show_versions, "core_type_hint", lambda flags, architectures, environ: "a hint")
    kernelkit.show_versions()
    assert capsys.readouterr().out.endswith("\n\na hint\n")


def test_flags_of_the_first_processor(tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert _show_versions._processor_flags(told) == ["fpu", "avx2"]
    told.write_text("Features\t: asimd\n")
    assert _show_versions._processor_flags(told) == []
    assert _show_versions._processor_flags(tmp_path / "missing") == []
