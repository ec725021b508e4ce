"""scikit-learn's own tests of KernelRidge, with our class in place of theirs."""

import inspect

import pytest

theirs = pytest.importorskip("sklearn.tests.test_kernel_ridge")
THEIR_IMPORT = "from sklearn.kernel_ridge import KernelRidge\n"
source = inspect.getsource(theirs)
assert THEIR_IMPORT in source
exec(compile(source.replace(THEIR_IMPORT, "from kernelkit import KernelRidge\n"), theirs.__file__, "exec"))
