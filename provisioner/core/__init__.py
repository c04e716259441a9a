"""The verbs: pure functions from nouns to nouns. No clock, no chance, no SDK, no logging."""
