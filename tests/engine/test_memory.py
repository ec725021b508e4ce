import tracemalloc

import numpy as np
import pytest

from kernelkit.engine import KernelOperator, _memory, available_bytes, check_memory, readable_bytes
from kernelkit.kernels import Gaussian


def test_the_error_names_what_is_needed_what_is_there_and_what_to_do():
    with pytest.raises(MemoryError, match=r"the matrix needs 888 GiB of memory and .* is available; buy more"):
        check_memory(888 * 2**30, "the matrix", "buy more")


def test_a_matrix_that_does_not_fit_is_refused_before_it_is_allocated():
    X = np.zeros((3_000_000, 1), dtype=np.float32)
    with pytest.raises(MemoryError, match=r"the 3000000 x 3000000 kernel matrix needs .* use fewer rows"):
        KernelOperator(Gaussian(), X).dense()


@pytest.mark.parametrize("version", [1, 2])
def test_the_control_group_counts_less_its_file_cache(tmp_path, version):
    folder = tmp_path if version == 2 else tmp_path / "memory"
    folder.mkdir(exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for name, value in zip(names, (1000, 700), strict=True):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 600\n{'' if version == 2 else 'total_'}inactive_file 100\n")
    (tmp_path / "meminfo").write_text("MemAvailable:   4 kB\n")
    assert available_bytes(tmp_path, tmp_path / "meminfo") == 400


def test_no_limit_means_what_the_system_has(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   4 kB\n")
    assert available_bytes(tmp_path, tmp_path / "meminfo") == 4096


def test_workers_share(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemAvailable:   4 kB\n")
    monkeypatch.setattr(_memory, "_workers", lambda: 4)
    assert available_bytes(tmp_path, tmp_path / "meminfo") == 1024


def test_a_system_that_tells_nothing_refuses_nothing(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: None)
    check_memory(2**80, "the matrix", "nothing")


def test_sizes_read_well():
    assert [readable_bytes(size) for size in (10, 2048, 3 * 2**20)] == ["10 bytes", "2 KiB", "3 MiB"]


def test_a_product_holds_tiles_only():
    X = np.random.default_rng(0).normal(size=(6000, 4))
    operator = KernelOperator(Gaussian(), X, X[:2000].copy())
    v = np.ones(2000)
    operator @ v
    tracemalloc.start()
    operator @ v
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6 < 6000 * 2000 * 8
