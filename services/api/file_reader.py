"""Reads the files that people send, a few at a time: each may take a hundred megabytes of memory and a second."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from services.api.imported_files import read_file
from services.api.imported_rows import ImportedRow

MAX_FILES_AT_ONCE = 2


class FileReader:
    """Bounds the memory that files take, and keeps their reading off the threads that other requests use."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(MAX_FILES_AT_ONCE)
        """Whoever receives a file holds one of them until its rows are read; the others wait."""
        self._threads = ThreadPoolExecutor(MAX_FILES_AT_ONCE, thread_name_prefix="files")

    async def read(self, name: str, content: bytes) -> list[ImportedRow]:
        """The rows of a file. Raises UnreadableFile."""
        return (await asyncio.get_running_loop().run_in_executor(self._threads, read_file, name, content)).rows

    def close(self) -> None:
        """End the threads, without waiting for what they read."""
        self._threads.shutdown(wait=False, cancel_futures=True)
