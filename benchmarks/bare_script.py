"""What somebody would write: yt-dlp and youtube-transcript-api in a loop, a JSON file per video, no retries.

`python -m benchmarks.bare_script DIRECTORY THREADS <youtube id> …`. Proxy and certificates come from the environment.
"""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from requests import RequestException
from youtube_transcript_api import CouldNotRetrieveTranscript, YouTubeTranscriptApi
from yt_dlp import YoutubeDL
from yt_dlp.utils import DownloadError

OPTIONS = {
    "compat_opts": ["no-certifi"],  # without it SSL_CERT_FILE is ignored
    "js_runtimes": {},
    "cachedir": False,
    "quiet": True,
    "no_warnings": True,
}


def save_all(directory: Path, youtube_ids: Sequence[str]) -> None:
    """Save the videos one after the other; one that fails is left out."""
    transcripts = YouTubeTranscriptApi()
    with YoutubeDL(OPTIONS) as downloader:
        for youtube_id in youtube_ids:
            try:
                info = downloader.extract_info(f"https://www.youtube.com/watch?v={youtube_id}", download=False)
                lines = transcripts.fetch(youtube_id, languages=["en"]).to_raw_data()
            except (DownloadError, CouldNotRetrieveTranscript, RequestException) as error:
                print(youtube_id, repr(error), file=sys.stderr)
                continue
            found = {"info": downloader.sanitize_info(info), "captions": lines}
            (directory / f"{youtube_id}.json").write_text(json.dumps(found))


def main() -> None:
    """Share the videos among the threads; neither library may be used by two of them at once."""
    _, directory, threads, *youtube_ids = sys.argv
    count = int(threads)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(save_all, [Path(directory)] * count, [youtube_ids[each::count] for each in range(count)]))


if __name__ == "__main__":
    main()
