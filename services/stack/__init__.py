"""The one-machine launcher: embedded servers and all services under one supervisor."""
