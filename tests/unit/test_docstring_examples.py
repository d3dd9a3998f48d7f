import doctest
import importlib
import pkgutil

import pytest

from overture import core

MODULES = sorted(module.name for module in pkgutil.iter_modules(core.__path__, "overture.core."))


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
