"""What trouble costs: 200 imports while about every fifth request fails, beside 200 in calm, in one run.

Faults and settings are those of `tests/rate_limits/test_storm.py`. The fake YouTube counts the requests, failed ones
included.
"""

import asyncio
import time
from collections import Counter

from sqlalchemy import text

from benchmarks.installation import Installation, all_complete, installation, say, youtube
from benchmarks.machine import machine, print_machine
from tests.rate_limits.calls import videos
from tests.rate_limits.storm import PACE, TROUBLE

IMPORTS = 200
AIM_RATIO = 1.4
SETTINGS = {**PACE, "YOUTUBE_HOURLY_REQUESTS": "1000000"}


async def requests_per_video(here: Installation, name: str) -> float:
    """Import videos whose ids begin with `name`; print what they cost, and return it."""
    before, begun = len(here.fake_youtube.requests), time.time()
    youtube_ids = videos(here.fake_youtube, name, IMPORTS)
    await all_complete(await here.add_all(youtube_ids))
    requests = here.fake_youtube.requests[before:]
    kinds = Counter(request.kind for request in requests)
    share = len(requests) / IMPORTS
    say(f"{name}: {share:.2f} requests per video ({', '.join(f'{kind} {n}' for kind, n in sorted(kinds.items()))})")
    said = text("SELECT count(*) FROM video_enrichments WHERE youtube_id = ANY(:ids) AND captions_source = 'youtube'")
    async with here.engine.connect() as connection:
        captioned = (await connection.execute(said, {"ids": youtube_ids})).scalar_one()
    say(f"{name}: {IMPORTS} complete after {time.time() - begun:.0f} s, {captioned} with captions")
    return share


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with (
        machine() as running,
        youtube() as fake_youtube,
        installation(running, fake_youtube, **SETTINGS) as here,
    ):
        calm = await requests_per_video(here, "calm")
        for fault in TROUBLE:
            fake_youtube.faults.add(fault)
        storm = await requests_per_video(here, "storm")
        say(f"ratio {storm / calm:.2f} (aim: at most {AIM_RATIO})")


if __name__ == "__main__":
    asyncio.run(main())
