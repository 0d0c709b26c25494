"""The demo: conversations in three rooms, and hours of them written as history."""
