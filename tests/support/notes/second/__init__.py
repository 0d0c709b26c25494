"""The same chatlog later: notes have a tint instead of a colour, in a second version."""
