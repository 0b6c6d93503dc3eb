"""Code that several processes share: contracts, settings, database, Temporal connection."""
