"""`python -m services.worker` polls the task queues until a stop signal, then drains."""

from contextlib import suppress

from pydantic import ValidationError

from services.worker.extractor.activation import activate
from shared import process
from shared.settings import Settings

if __name__ == "__main__":
    with suppress(ValidationError):  # `main` reports it
        activate(Settings().extractor_directory)
    from services.worker.main import main  # only now: it imports yt-dlp

    process.run(main)
