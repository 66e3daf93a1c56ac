"""A campaign in steps: the list, and one file per step."""
