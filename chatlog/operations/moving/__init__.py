"""Moving a whole log: from one database to another, and from exported files."""
