from tests.e2e.conftest import pytest_collection_modifyitems, signed_in, visit

__all__ = ["pytest_collection_modifyitems", "signed_in", "visit"]
