"""The program as users run it: the real engine and language host, a simulated Azure, a real Git server, no clusters."""
