"""The rate limit of a whole installation: two worker processes, servers that can be killed, the fake YouTube's log."""
