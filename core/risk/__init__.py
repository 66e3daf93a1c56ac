"""Warnings, pure: what is watched, by which rules, what a rule finds, and what it means."""
