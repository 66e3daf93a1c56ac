"""What comes back: receipts, clicks, refusals, answers that are asked for, and what the lake is told of it."""
