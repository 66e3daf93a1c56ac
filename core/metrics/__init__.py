"""Figures as expressions: tables in, a table out. No clock, no connection, nothing executed here.

Importing the package declares all metrics in ``catalog.METRICS``.
"""

from core.metrics import kpis as kpis
