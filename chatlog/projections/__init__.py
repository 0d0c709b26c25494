"""What is folded from events in memory: pure, without clock or database."""
