"""Campaigns from the draft to what they changed."""
