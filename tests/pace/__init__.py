"""The pace of a whole installation: two worker processes, servers that can be killed, the stand-in's log."""
