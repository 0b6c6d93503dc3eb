"""Connections hear nothing of a deleted list, however long its rows stay."""

from services.notifier.server import Notifier
from shared.contracts.stages import ImportStage
from shared.db.lists import delete_list
from tests.notifier.support import Browser, Library


async def test_neither_snapshot_nor_missed_events_tell_of_it(notifier: Notifier, library: Library) -> None:
    kept = Library(library.engine)
    await library.add("gone_______")
    await library.add_batch("ofabatch001")
    told = [await kept.add("kept_______"), await kept.advance("kept_______", ImportStage.METADATA)]
    await library.add("gonetoo____")
    async with library.engine.begin() as connection:
        assert await delete_list(connection, library.user_id, await library.the_list())

    async with Browser(notifier.port) as browser:
        snapshot = await browser.receive()
        assert [video["youtube_id"] for video in snapshot["videos"]] == ["kept_______"]
        await browser.send(type="resume", since=0)
        missed = [await browser.receive() for _ in range(4)]
        assert [message["type"] for message in missed].count("import_progress") == 2
        seqs = [message["seq"] for message in missed if message["type"] == "import_progress"]
        assert seqs == [event.message.seq for event in told]
        assert (missed[0]["type"], missed[0]["list_id"]) == ("list_changed", str(kept.list_id))
        assert (missed[-1]["type"], missed[-1]["list_id"]) == ("list_deleted", str(library.list_id))
        await browser.send(type="subscribe", video_ids=[*library.video_ids.values(), *kept.video_ids.values()])
        assert [video["youtube_id"] for video in (await browser.receive())["videos"]] == ["kept_______"]
        live = await kept.advance("kept_______", ImportStage.CAPTIONS)
        assert await browser.receive_seqs(1) == [live.message.seq]
        await browser.assert_silent()
