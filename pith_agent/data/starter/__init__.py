"""Published records, so that everything works with no network."""
