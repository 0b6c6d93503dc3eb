"""docker-compose.yml, Dockerfile and the launcher say the same; nothing is published beyond this machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from services.api.http.static_files import BUILT_PAGE
from services.stack import plan
from services.stack.home import PROJECT_ROOT
from services.stack.settings import variable_of
from services.stack.temporal import DYNAMIC_CONFIG, temporal_binary
from shared.settings import Settings

COMMANDS = {
    "api": plan.API_COMMAND,
    "worker": plan.WORKER_COMMAND,
    "notifier": plan.NOTIFIER_COMMAND,
    "temporal-ui-guard": plan.TEMPORAL_UI_COMMAND,
    "migrate": plan.SETUP_COMMAND,
}
SERVICES = {"api", "worker", "notifier"}
ONE_SHOTS = {"migrate", "temporal-schema", "temporal-namespace"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml, as YAML reads them."""
    text = (PROJECT_ROOT / "docker-compose.yml").read_text()
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


def strings(node: object) -> Iterator[str]:
    """Every string anywhere below `node`."""
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def test_it_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, PROJECT_ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_are_the_launchers(services: dict[str, dict[str, Any]], name: str) -> None:
    assert services[name]["command"] == ["python", *COMMANDS[name]]


def test_every_process_may_drain_before_it_is_killed(services: dict[str, dict[str, Any]]) -> None:
    drain_seconds = Settings.model_fields["drain_seconds"].default
    for name in SERVICES:
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= drain_seconds + 10
        assert "VIDFERRY_DRAIN_SECONDS" not in services[name]["environment"]


def with_defaults(prefix: str) -> dict[str, str]:
    """Every setting whose variable begins with `prefix` and that has a default, as compose passes it on."""
    found: dict[str, str] = {}
    for field in Settings.model_fields.values():
        name = variable_of(field)
        if name.startswith(prefix) and field.default is not None:
            default = str(field.default).lower() if isinstance(field.default, bool) else field.default
            found[name] = f"${{{name}:-{default}}}"
    return found


def test_every_youtube_setting_is_passed_on_with_its_default(services: dict[str, dict[str, Any]]) -> None:
    worker = services["worker"]["environment"]
    limits = with_defaults("YOUTUBE_")
    assert {name: worker[name] for name in limits} == limits
    assert {"YOUTUBE_PROXY", "YOUTUBE_CA_FILE", "YOUTUBE_COOKIES_FILE", "YOUTUBE_POT_PROVIDER_URL"} <= worker.keys()
    workers = (
        "YOUTUBE_MAX_CONCURRENT",
        "YOUTUBE_MAX_DOWNLOADS",
        "YOUTUBE_JS_RUNTIME",
        "YOUTUBE_POT_",
        "YOUTUBE_EXTRACTOR_",
        "YOUTUBE_CANARY_",
    )
    shared = {name: default for name, default in limits.items() if not name.startswith(workers)}
    for service in ("api", "migrate"):  # they may start a rate governor
        assert {name: services[service]["environment"][name] for name in shared} == shared


@pytest.mark.parametrize("name", ["worker", "api", "migrate"])
def test_every_setting_of_transcription_is_passed_on(services: dict[str, dict[str, Any]], name: str) -> None:
    environment = services[name]["environment"]
    passed_on = {variable: text for variable, text in environment.items() if variable.startswith("TRANSCRIPTION_")}
    without = ("TRANSCRIPTION_API_KEY", "TRANSCRIPTION_LANGUAGE", "TRANSCRIPTION_USD_PER_HOUR")
    no_default = {name: f"${{{name}:-}}" for name in without}
    assert passed_on == with_defaults("TRANSCRIPTION_") | no_default
    assert environment["GROQ_API_KEY"] == "${GROQ_API_KEY:-}"


def test_browsers_find_the_notifier_at_the_host_of_the_page(services: dict[str, dict[str, Any]]) -> None:
    environment = services["api"]["environment"]
    assert environment["VIDFERRY_NOTIFIER_URL"] == "${VIDFERRY_NOTIFIER_URL:-}"
    (port,) = services["notifier"]["ports"]
    assert port == f"127.0.0.1:{environment['VIDFERRY_NOTIFIER_PORT']}:{Settings.model_fields['notifier_port'].default}"


def test_proxy_and_certificates_for_s3_and_transcription_are_passed_on(services: dict[str, dict[str, Any]]) -> None:
    environment = services["worker"]["environment"]
    as_it_is = {name for name, value in environment.items() if value is None}
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "NO_PROXY"} <= as_it_is
    assert "SSL_CERT_FILE" in as_it_is, "an empty one would be a file without certificates"
    files = {mount["source"]: mount for mount in services["worker"]["volumes"] if isinstance(mount, dict)}
    assert files["${SSL_CERT_FILE:-/dev/null}"]["target"] == "${SSL_CERT_FILE:-/etc/vidferry/ca.pem}"
    youtubes = files["${YOUTUBE_CA_FILE:-/dev/null}"]["target"]
    assert environment["YOUTUBE_CA_FILE"] == f"${{YOUTUBE_CA_FILE:+{youtubes}}}"
    for mount in files.values():
        assert (mount["type"], mount["read_only"]) == ("bind", True)
        assert mount["bind"] == {"create_host_path": False}, "Docker would make a directory where the file is missing"
    assert "HTTP_PROXY" not in environment, "urllib would ask it for the worker's health"


def test_the_flag_of_the_page_reaches_its_build_and_the_api(services: dict[str, dict[str, Any]]) -> None:
    flag = "${VITE_ENABLE_IMPORT_PROGRESS:-true}"
    assert services["api"]["environment"]["VITE_ENABLE_IMPORT_PROGRESS"] == flag
    assert services["migrate"]["build"]["args"]["VITE_ENABLE_IMPORT_PROGRESS"] == flag
    [stage] = re.findall(r"^FROM node.*?(?=^FROM)", (PROJECT_ROOT / "Dockerfile").read_text(), re.M | re.S)
    assert stage.index("ARG VITE_ENABLE_IMPORT_PROGRESS=true") < stage.index("RUN npm run build")


def test_what_the_worker_keeps_is_on_volumes_that_it_may_write_to(
    services: dict[str, dict[str, Any]],
) -> None:
    environment, volumes = services["worker"]["environment"], services["worker"]["volumes"]
    audio, extractor = environment["TMPDIR"], environment["YOUTUBE_EXTRACTOR_DIRECTORY"]
    account = environment["YOUTUBE_ACCOUNT_DIRECTORY"]
    assert environment["VIDFERRY_AUDIO_STORE"] == f"${{VIDFERRY_AUDIO_STORE:-{audio}}}"
    assert [f"audio:{audio}", f"account:{account}", f"extractor:{extractor}"] == [
        volume for volume in volumes if isinstance(volume, str)
    ]
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    (user,) = re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)
    assert f"install --directory --owner={user} --mode=0700 {audio} {account} {extractor}\n" in dockerfile


def test_nothing_else_can_be_written_to(services: dict[str, dict[str, Any]]) -> None:
    for name in COMMANDS:
        service = services[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert name == "worker" or "volumes" not in service


def test_the_image_is_built_once_and_never_pulled(services: dict[str, dict[str, Any]]) -> None:
    images = {name: service["image"] for name, service in services.items() if service.get("pull_policy") == "never"}
    assert images == dict.fromkeys(COMMANDS, "vidferry")
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]


def test_temporal_is_configured_like_the_embedded_one(services: dict[str, dict[str, Any]]) -> None:
    temporal = services["temporal"]
    source, target, mode = temporal["volumes"][0].split(":")
    assert temporal["environment"]["DYNAMIC_CONFIG_FILE_PATH"] == target
    assert mode == "ro"
    configured = yaml.safe_load((PROJECT_ROOT / source).read_text())
    assert configured == {key: [{"value": value}] for key, value in DYNAMIC_CONFIG.items()}


def test_temporal_and_its_web_ui_have_the_versions_of_the_embedded_ones(services: dict[str, dict[str, Any]]) -> None:
    said = subprocess.check_output([temporal_binary(), "--version"], text=True)
    server, ui = re.findall(r"(?:Server|UI) (\d+\.\d+\.\d+)", said)
    assert services["temporal"]["image"] == f"temporalio/server:{server}"
    assert services["temporal-schema"]["image"] == f"temporalio/admin-tools:{server}"
    assert services["temporal-namespace"]["image"] == f"temporalio/admin-tools:{server}"
    assert services["temporal-ui"]["image"] == f"temporalio/ui:{ui}"


def test_nothing_is_published_beyond_loopback(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"api", "notifier", "temporal", "temporal-ui-guard"}
    for ports in published.values():
        assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert [name for name, service in services.items() if "network_mode" in service] == []


def test_whatever_keeps_running_is_watched_and_started_again(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) > ONE_SHOTS
    for name, service in services.items():
        if name in ONE_SHOTS:
            assert service["restart"].startswith("on-failure")
        else:
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0] == "CMD"


def test_each_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOTS else "service_healthy"
            assert how == {"condition": expected}
    for name in SERVICES:
        assert list(services[name]["depends_on"]) == ["migrate"]


def test_cookies_reach_the_worker_alone(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "COOKIES" in " ".join(strings(service))] == ["worker"]


def test_the_token_server_is_optional_and_locked_up(services: dict[str, dict[str, Any]]) -> None:
    server = services["pot"]
    assert server["profiles"] == ["pot"]
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert {"ports", "environment", "volumes"} & server.keys() == set()


def test_the_password_is_asked_for_and_nowhere_written_down(services: dict[str, dict[str, Any]]) -> None:
    mentions = [text for text in strings(services) if "POSTGRES_PASSWORD" in text]
    assert len(mentions) >= 6
    assert [text for text in mentions if "${POSTGRES_PASSWORD:?" not in text] == []


def test_the_image_holds_our_code_pinned_and_unprivileged() -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
    assert "exec python -m services.stack " in dockerfile, "the `vidferry` of the documents"
    ignored = (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for source in sources.split():
            assert (PROJECT_ROOT / source).exists()
            assert f"!{source.partition('/')[0]}" in ignored


def test_the_image_builds_the_page_with_the_node_that_is_locked() -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    assert re.search(r"^RUN npm ci\b", dockerfile, re.MULTILINE)
    (major,) = re.findall(r"^FROM node:(\d+)-slim", dockerfile, re.MULTILINE)
    assert f"\nnodejs-wheel-binaries=={major}." in "\n" + (PROJECT_ROOT / "requirements-node.lock").read_text()
    place = BUILT_PAGE.relative_to(PROJECT_ROOT)
    assert f"COPY --from=page /{place} {place}\n" in dockerfile
    assert {str(place), "frontend/node_modules"} <= {*(PROJECT_ROOT / ".dockerignore").read_text().splitlines()}
