"""The guard before Temporal's Web UI, which answers to any Host and so to every page that a browser shows."""
