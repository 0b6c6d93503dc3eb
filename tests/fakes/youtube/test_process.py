"""The fake YouTube as a process, as `make demo` and the end-to-end tests run it."""

import json
import signal
import ssl
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import httpx

from fakes.announced import PATIENCE_SECONDS, announced_process, announcement


def process(directory: Path, *options: str) -> AbstractContextManager[Popen[str]]:
    return announced_process("fakes.youtube", directory, *options)


def ready(running: Popen[str], directory: Path) -> dict[str, str]:
    """What the process says when it is ready."""
    place, printed = announcement(running, directory / "youtube.json")
    assert json.loads(printed) == place
    return place


def youtube(said: dict[str, str]) -> httpx.Client:
    context = ssl.create_default_context(cafile=said["ca_file"])
    return httpx.Client(proxy=said["proxy_url"], verify=context, timeout=PATIENCE_SECONDS)


def test_it_serves_the_demo_until_it_is_stopped(tmp_path: Path) -> None:
    with process(tmp_path) as running:
        with youtube(ready(running, tmp_path)) as client:
            assert "The first ferry" in client.get("https://www.youtube.com/watch?v=demoCaption").text
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
        assert (running.returncode, errors) == (0, "")
    assert not (tmp_path / "youtube.json").exists()


def test_a_restart_on_the_same_port_is_trusted_without_a_new_certificate(tmp_path: Path) -> None:
    with process(tmp_path) as running:
        first = ready(running, tmp_path)
        authority = Path(first["ca_file"]).read_bytes()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE_SECONDS) == 0
    with process(tmp_path, "--port", str(urlsplit(first["proxy_url"]).port)) as running:
        second = ready(running, tmp_path)
        assert second["proxy_url"] == first["proxy_url"]
        assert Path(second["ca_file"]).read_bytes() == authority


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with process(tmp_path / "first") as first:
        port = str(urlsplit(ready(first, tmp_path / "first")["proxy_url"]).port)
        with process(tmp_path / "second", "--port", port) as second:
            _, errors = second.communicate(timeout=PATIENCE_SECONDS)
            assert second.returncode == 1
            assert errors.startswith("The fake YouTube cannot start: ")
            assert errors.count("\n") == 1


def test_the_log_and_the_faults_are_reached_over_http(tmp_path: Path) -> None:
    with process(tmp_path, "--latency-seconds", "0.01") as running:
        said = ready(running, tmp_path)
        with youtube(said) as client, httpx.Client(base_url=said["control_url"], trust_env=False) as control:
            fault = {"kind": "watch", "status": 503, "times": 2, "headers": {"Retry-After": "1"}}
            assert control.post("/faults", json=fault).status_code == 201
            answer = client.get("https://www.youtube.com/watch?v=demoCaption")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            (request,) = control.get("/requests").json()
            assert (request["kind"], request["youtube_id"]) == ("watch", "demoCaption")
            assert [pending["status"] for pending in control.get("/faults").json()] == [503]
            control.delete("/faults")
            control.delete("/requests")
            assert control.get("/requests").json() == []
            assert client.get("https://www.youtube.com/watch?v=demoCaption").status_code == 200


def test_a_video_is_changed_from_outside(tmp_path: Path) -> None:
    with process(tmp_path) as running:
        said = ready(running, tmp_path)
        with youtube(said) as client, httpx.Client(base_url=said["control_url"], trust_env=False) as control:
            for state, is_shown in (("private", True), ("ok", False)):
                changed = {"youtube_id": "demoCaption", "title": "The second ferry", "state": state}
                assert control.post("/videos", json=changed).status_code == 204
                page = client.get("https://www.youtube.com/watch?v=demoCaption").text
                assert ("Private video" in page) == is_shown
