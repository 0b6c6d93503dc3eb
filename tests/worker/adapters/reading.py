"""Metadata as the worker reads them."""

from services.worker.adapters.models import ExtractedVideo
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata


def video_of(metadata: MetadataAdapter, youtube_id: str) -> ExtractedVideo:
    """Ask YouTube for a video and read what it says."""
    return read_metadata(youtube_id, metadata.ask(youtube_id))
