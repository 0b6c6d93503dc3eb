"""`python -m services.worker` polls the task queues until a stop signal, then drains."""

from contextlib import suppress
from pathlib import Path

from services.worker.extractor.activation import activate, refuse_active
from shared import process
from shared.settings import InvalidSettingError, read_settings

if __name__ == "__main__":
    directory: Path | None = None
    with suppress(InvalidSettingError):  # `main` reports it
        directory = read_settings().extractor_directory
    activate(directory)
    try:
        from services.worker.main import main  # only now: it imports yt-dlp
    except Exception as error:  # whatever is wrong with a version, it must not keep the worker from its next start
        refuse_active(directory, error)
        raise

    process.run(main)
