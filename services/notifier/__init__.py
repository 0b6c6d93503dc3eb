"""Holds the WebSockets and keeps them in step with the imports."""
