"""Text that PostgreSQL can store."""


def sanitize_text(value: object) -> object:
    """Remove what PostgreSQL cannot store, also inside lists and dicts: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="ignore").decode()
    if isinstance(value, (list, tuple)):
        return [sanitize_text(element) for element in value]
    return {name: sanitize_text(element) for name, element in value.items()} if isinstance(value, dict) else value
