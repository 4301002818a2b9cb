"""The main job on real parts: `make local`, what a user does then, and `make local-down`."""
