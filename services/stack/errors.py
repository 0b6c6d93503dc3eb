"""What the launcher says instead of a stack trace."""


class StackError(Exception):
    """Something foreseeable is in the way; its text is one sentence for the person at the keyboard."""
