"""The policy pack of the program: one file a theme, `rules.py` has all of them, `profiles/` relaxes some by stack."""
