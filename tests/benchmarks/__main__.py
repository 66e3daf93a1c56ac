"""All benchmarks, each beside its rival in the same run: ``python -m tests.benchmarks``. Takes some ten minutes."""

from tests.benchmarks import demo, funnel, identities, imports, overview, server

for module in (funnel, imports, identities, overview, server, demo):
    print(f"\n## {module.__name__.rsplit('.', 1)[1]}\n")
    print(module.table_of(module.bench()))
