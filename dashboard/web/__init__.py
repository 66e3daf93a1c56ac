"""The server: log-in, the gate on every route, hardening, health."""
