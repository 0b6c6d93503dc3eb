"""`python -m services.worker` polls the task queues until a stop signal, then drains."""

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from services.worker.extractor.activation import activate, refuse_active
from shared import process
from shared.settings import Settings

if __name__ == "__main__":
    directory: Path | None = None
    with suppress(ValidationError):  # `main` reports it
        directory = Settings().extractor_directory
    activate(directory)
    try:
        from services.worker.main import main  # only now: it imports yt-dlp
    except Exception as error:  # whatever is wrong with a version, it must not keep the worker from its next start
        refuse_active(directory, error)
        raise

    process.run(main)
