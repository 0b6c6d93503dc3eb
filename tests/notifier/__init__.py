"""The notifier, with the real websockets client, a real Postgres and a real Temporal."""
