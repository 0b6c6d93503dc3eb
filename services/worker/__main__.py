"""`python -m services.worker` polls the task queues until a stop signal, then drains."""

from contextlib import suppress

from services.worker.extractor.activation import activate
from shared import process
from shared.settings import InvalidSettingError, read_settings

if __name__ == "__main__":
    with suppress(InvalidSettingError):  # `main` reports it
        activate(read_settings().extractor_directory)
    from services.worker.main import main  # only now: it imports yt-dlp

    process.run(main)
