"""The checker's rules: each module holds a few, and each rule yields violations."""
