"""Projections: state folded from events in memory, without clock or database."""
