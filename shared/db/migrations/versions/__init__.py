"""One file per migration, each with a tested downgrade."""
