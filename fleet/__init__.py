"""The fleet repository: the tree as it is seeded (`repository/`), and the code that seeds it."""
