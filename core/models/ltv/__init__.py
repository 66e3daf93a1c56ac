"""Lifetime value: how often customers come back, what they spend, and whether the data allows to say so."""
