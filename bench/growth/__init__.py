"""What a log costs as it grows: ``python -m bench.growth``."""
