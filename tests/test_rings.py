"""The import rings of docs/architecture.md: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"errors", "settings", "periods", "calendar", "schema", "scope"}
THINKING = {"metrics", "sequences", "models", "segments", "risk", "privacy", "campaigns"}
TOUCHING = {"lake", "store", "sources", "senders"}
RING = dict.fromkeys(GROUND, 0) | dict.fromkeys(THINKING, 1) | dict.fromkeys(TOUCHING, 2)
RING |= {"work": 3, "receiver": 4, "app": 5, "__main__": 5, "__init__": 0}
SHOWING = {"web", "data", "actions"}
CORE_WORDS = {"core.errors", "core.periods", "core.scope", "core.settings", "core.schema", "core.calendar"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def ours(path: Path, package: str) -> set[str]:
    """Second parts of the names imported from a package of ours: ``core.lake.reader`` gives ``lake``."""
    return {name.split(".")[1] for name in imports(path) if name.startswith(package + ".")}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[1]


@pytest.mark.parametrize("path", files("core"), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_of_core_imports_only_its_own_ring_and_those_below(path: Path):
    ring = RING[room(path)]
    for name in ours(path, "core"):
        allowed = RING[name] <= 0 if ring == 2 and name != room(path) else RING[name] <= ring
        assert allowed, f"{path.relative_to(ROOT)} (ring {ring}) imports core.{name} (ring {RING[name]})"


@pytest.mark.parametrize("path", files("dashboard"), ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_know_nothing_of_the_receiver(path: Path):
    assert "receiver" not in ours(path, "core")


@pytest.mark.parametrize("path", files("core"), ids=lambda p: str(p.relative_to(ROOT)))
def test_core_knows_nothing_of_pages(path: Path):
    assert not {n for n in imports(path) if n.split(".")[0] in {"streamlit", "plotly", "dashboard"}}


PROGRAMS = {"subprocess"}
"""Prophet's optimiser is a program; one module of the thinking may start it (docs/adr/0017-forecasts.md)."""


@pytest.mark.parametrize(
    "path", [p for p in files("core") if RING.get(room(p)) == 1], ids=lambda p: str(p.relative_to(ROOT))
)
def test_thinking_touches_nothing(path: Path):
    touching = {"duckdb", "deltalake", "sqlalchemy", "requests", "socket", "subprocess"}
    allowed = PROGRAMS if path.name == "optimiser.py" else set()
    assert not {n for n in imports(path) if n.split(".")[0] in touching - allowed}


@pytest.mark.parametrize(
    "path",
    [p for p in files("dashboard") if room(p) not in SHOWING],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_pages_reach_core_only_through_data_and_actions(path: Path):
    reached = {n for n in imports(path) if n.startswith("core.")}
    assert all(any(n == word or n.startswith(word + ".") for word in CORE_WORDS) for n in reached), reached
