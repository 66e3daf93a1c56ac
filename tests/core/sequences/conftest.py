"""Kernels are compiled before the first test, as every process of the product does at its start."""

import pytest

from core import sequences


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    sequences.warm()
