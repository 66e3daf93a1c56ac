"""Chances that members leave or buy: fitted, measured, explained and watched. Arrays in, values out."""
