from tests.e2e.conftest import chromium as chromium
