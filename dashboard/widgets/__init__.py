"""What several pages draw: headings, cards, number contracts, people."""
