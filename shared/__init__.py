"""Code that several processes share: contracts, settings, database, Temporal connection."""

VERSION = "0.1.0"
