"""The demonstration: what people say in three rooms, and hours of it written as the past."""
