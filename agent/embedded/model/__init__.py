"""What a small network of our own reads: fields, options and the last messages, in one pass. Optional at run time."""
