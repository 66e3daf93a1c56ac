"""What campaigns decide: states and moves, texts, what may be said, when, to whom, how often, how fast, and what came of it. Nothing here touches
the store, a clock or a platform."""
