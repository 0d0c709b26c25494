"""People with tokens: their connections, what they order, and the limits on both."""
