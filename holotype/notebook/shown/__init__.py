"""Results that show themselves: in three lines in a terminal, with pictures in a notebook."""
