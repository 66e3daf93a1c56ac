"""Engines that run expressions over the lake's files."""
