"""Errors that people read as a sentence instead of a stack trace."""


class StackError(Exception):
    """A foreseeable problem; its text is one sentence for people."""


class PortTakenError(StackError):
    """Another process listens on a port that is needed."""

    def __init__(self, sentence: str, port: int) -> None:
        super().__init__(sentence)
        self.port = port
