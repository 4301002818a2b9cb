"""What the program does through other people's command line tools (clusterctl, flux, git), and how it reports on it."""
