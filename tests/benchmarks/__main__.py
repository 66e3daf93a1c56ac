"""All benchmarks, each in a process of its own: ``python -m tests.benchmarks``. Takes some ten minutes on an idle machine."""

import subprocess
import sys

EVENTS = "10000000"
ALL = {
    "funnel": [],
    "lake_funnel": [],
    "timeline": [],
    "overview": [],
    "series": [],
    "indicators": [],
    "root_causes": [],
    "risk": [],
    "warnings": ["--lines"],
    "community": [],
    "segments": [],
    "rfm": [],
    "member": [],
    "clusters": [],
    "ltv": [],
    "scores": [],
    "features": [],
    "forecast": [],
    "forecast_worker": [],
    "outbox": [],
    "sending": [],
    "imports": [],
    "identities": [],
    "server": [],
    "demo": [EVENTS],
}

for name, arguments in ALL.items():
    print(f"\n## {name}\n", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], check=True)
