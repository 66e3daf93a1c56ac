"""What answers the world outside: short links, ways out, and what platforms tell. A process of its own, without lakes and pages."""
