"""What comes before a request: addresses, listening, and who is let in."""
