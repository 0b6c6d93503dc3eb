"""The notifier: live progress for browsers, fanned out from the feed, with Postgres as the truth behind it.

A connection gets every event of its user exactly once and in order. The feed (`shared.temporal.feed`) is the fast
way; whatever it loses is noticed by the chain of `prev_seq` or by a sweep, and read from `import_events`.
"""
