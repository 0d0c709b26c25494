"""Pages of a room: resolve what is asked for, find where it begins, read it, tag its state."""
