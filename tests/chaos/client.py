"""A client of the API that asks again until it has an answer, as people and programs do."""

import asyncio
from collections.abc import Callable, Collection, Container, Coroutine
from typing import Any

import httpx

from tests.chaos.ledger import Entry, Ledger
from tests.chaos.timeline import Timeline

Json = dict[str, Any]
REQUEST_SECONDS = 20
"""After this long without an answer a request counts as lost."""
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 5.0
Send = Callable[[], Coroutine[Any, Any, httpx.Response]]


class NeverAnsweredError(Exception):
    """The API did not answer as expected until the end of the run."""


class Client:
    """Writes through the API, and notes in the ledger what is acknowledged."""

    def __init__(self, http: httpx.AsyncClient, ledger: Ledger, timeline: Timeline, until_seconds: float) -> None:
        """`until_seconds`: when, on the timeline, requests are given up for good."""
        self._http = http
        self._ledger = ledger
        self._timeline = timeline
        self._until_seconds = until_seconds

    async def create_list(self, name: str) -> str:
        """The id of a new list. Where an attempt was not answered, there may be two of them."""
        answer = await self._insist(f"create list {name}", lambda: self._post("/lists", {"name": name}), {201})
        list_id = str(answer.json()["id"])
        self._ledger.lists[list_id] = name
        return list_id

    async def rename_list(self, list_id: str, name: str) -> None:
        """Give a list another name."""
        path = f"/lists/{list_id}"
        await self._insist(f"rename list {list_id}", lambda: self._http.patch(path, json={"name": name}), {200})
        self._ledger.lists[list_id] = name

    async def delete_list(self, list_id: str) -> None:
        """Delete a list; an attempt without an answer may have done it already."""
        await self._insist(f"delete list {list_id}", lambda: self._http.delete(f"/lists/{list_id}"), {204, 404})
        self._ledger.deleted_lists.add(list_id)

    async def add(self, list_id: str, youtube_id: str, url: str, *, may_be_gone: bool = False) -> str | None:
        """The id of a list entry, made or found; None where the list is gone."""
        path, expected = f"/lists/{list_id}/videos", {201, 409} | ({404} if may_be_gone else set())
        answer = await self._insist(f"add {youtube_id}", lambda: self._post(path, {"url": url}), expected)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        video_id = str(answer.json()["id" if answer.status_code == httpx.codes.CREATED else "video_id"])
        self._ledger.entries[list_id, youtube_id] = video_id
        return video_id

    async def add_batch(self, list_id: str, urls: dict[str, str]) -> str | None:
        """The id of a batch of addresses by YouTube id; None where an attempt without an answer has made it already."""
        path, body = f"/lists/{list_id}/videos/batch", {"urls": list(urls.values())}
        answer = await self._insist("add a batch", lambda: self._post(path, body), {200, 201})
        return self._note_batch(list_id, urls, answer)

    async def import_file(self, list_id: str, urls: dict[str, str]) -> str | None:
        """The same, as a CSV file."""
        path, content = f"/lists/{list_id}/imports", "title,url\n" + "".join(f"A,{url}\n" for url in urls.values())
        files = {"file": ("videos.csv", content.encode(), "text/csv")}
        answer = await self._insist("import a file", lambda: self._http.post(path, files=files), {200, 201})
        return self._note_batch(list_id, urls, answer)

    async def import_source(self, list_id: str, source: str) -> str:
        """The id of a batch that YouTube lists."""
        path = f"/lists/{list_id}/imports"
        answer = await self._insist(f"import {source}", lambda: self._post(path, {"source": source}), {201})
        batch_id = str(answer.json()["batch_id"])
        self._ledger.batches.add(batch_id)
        return batch_id

    async def change_batch(self, batch_id: str, change: str) -> bool:
        """Pause or resume a batch; False where it is over."""
        path = f"/batches/{batch_id}/{change}"
        answer = await self._insist(f"{change} batch", lambda: self._post(path), {200, 409})
        return answer.status_code == httpx.codes.OK

    async def retry_failed(self, batch_id: str, entries: Collection[Entry]) -> bool:
        """Import once more what failed of a batch with these list entries; False where nothing has failed."""

        def send() -> Coroutine[Any, Any, httpx.Response]:
            self._ledger.round_attempts.update(entries)
            return self._post(f"/batches/{batch_id}/retry-failed")

        answer = await self._insist("retry-failed batch", send, {200, 409})
        return answer.status_code == httpx.codes.OK

    async def begin_anew(self, entry: Entry, video_id: str, how: str) -> bool:
        """Re-import or retry a list entry (`how` is the path's last part); False where it is not the time for it."""

        def send() -> Coroutine[Any, Any, httpx.Response]:
            self._ledger.round_attempts[entry] += 1
            return self._post(f"/videos/{video_id}/{how}")

        answer = await self._insist(f"{how} {entry[1]}", send, {202, 409})
        if answer.status_code != httpx.codes.ACCEPTED:
            return False
        self._ledger.rounds[entry] += 1
        return True

    async def expedite(self, youtube_id: str, video_id: str) -> None:
        """Have an import that waits look again now."""
        path = f"/videos/{video_id}/retry"
        await self._insist(f"hurry {youtube_id}", lambda: self._post(path), {202, 409})

    async def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON of a GET."""
        return (await self._insist(f"get {path}", lambda: self._http.get(path, params=parameters), {200})).json()

    def stop_if_over(self) -> None:
        """Raise NeverAnsweredError when the run is over."""
        if self._timeline.seconds >= self._until_seconds:
            raise NeverAnsweredError("the run is over")

    def _note_batch(self, list_id: str, urls: dict[str, str], answer: httpx.Response) -> str | None:
        for youtube_id in urls:
            self._ledger.entries.setdefault((list_id, youtube_id), None)
        batch_id: str | None = answer.json()["batch_id"]
        if batch_id is not None:
            self._ledger.batches.add(batch_id)
        return batch_id

    def _post(self, path: str, body: Json | None = None) -> Coroutine[Any, Any, httpx.Response]:
        return self._http.post(path, json=body)

    async def _insist(self, what: str, send: Send, expected: Container[int]) -> httpx.Response:
        """Send a request until it is answered. Raises NeverAnsweredError; an unexpected answer is an error, too."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while self._timeline.seconds < self._until_seconds:
            self._ledger.requests += 1
            begun = self._timeline.seconds
            try:
                answer = await send()
            except httpx.TransportError as error:
                trouble = type(error).__name__
            else:
                if answer.status_code in expected:
                    return answer
                trouble = _problem(answer)
                if not answer.is_server_error:
                    self._ledger.surprises.append(f"{what}: {trouble}")
                    raise NeverAnsweredError(what)
            self._ledger.unanswered += 1
            self._timeline.note(f"    client: {what}: {trouble} after {self._timeline.seconds - begun:.1f} s")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LAST_PAUSE_SECONDS)
        self._ledger.surprises.append(f"{what}: not answered until the end")
        raise NeverAnsweredError(what)


def _problem(answer: httpx.Response) -> str:
    """An answer's status, and its code where it is a problem of the API's."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return f"{answer.status_code} {answer.json()['code'] if is_problem else answer.text[:200]}"
