"""What is kept on disk: records, signed citations, keys."""
