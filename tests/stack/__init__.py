"""The one-machine launcher: small real processes under the real supervisor, and the real embedded servers."""
