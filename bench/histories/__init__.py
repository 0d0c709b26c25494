"""Made-up histories of any size, for measuring what a long log costs its readers."""
