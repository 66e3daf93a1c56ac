"""The lake: Delta tables that are only appended to, seen through one manifest version at a time."""
