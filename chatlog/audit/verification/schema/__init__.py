"""Are the database's own objects (tables, indexes, triggers, views) those of the migrations?"""
