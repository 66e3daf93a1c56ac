"""What keeps persons apart from figures: pseudonyms, encryption, disclosure."""
