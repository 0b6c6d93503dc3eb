"""The notifier: live progress for browsers, from the feed and from PostgreSQL.

A connection gets every event of its user exactly once and in order. The feed (`shared.temporal.feed`) is fast; an event
that it loses is noticed by the chain of `prev_seq` or by the next poll, and read from `import_events`.
"""
