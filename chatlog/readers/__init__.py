"""Reading a log that is being written: pages, a bounded number at a time."""
