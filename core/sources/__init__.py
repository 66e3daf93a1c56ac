"""Where data comes from: files today; each source hands over plain rows of text and says what it could not read."""
