"""Everything that changes: accounts, jobs, batches, segments, identity decisions. SQLite by default, PostgreSQL by
URL.
"""
