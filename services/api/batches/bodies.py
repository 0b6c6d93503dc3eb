"""Request bodies that are either JSON or a form with a file; FastAPI supports only one of them per endpoint."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from services.api.batches.files.parse import read_file
from services.api.batches.files.problems import MAX_FILE_BYTES, FileProblem, UnreadableFileError, file_problem_text
from services.api.batches.rows import Rows
from services.api.batches.schemas import FileInput, PreviewInput, SourceInput
from services.api.dependencies import AppContext, Context, RequestLanguage
from services.api.http.middleware import JSON, MULTIPART, USUAL_LIMIT, BodyLimit, BodyRule
from services.api.http.openapi import body_schema
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import FieldError, Problem, field_text, invalid_field
from shared.i18n.languages import Language
from shared.text import sanitize_text

MAX_BATCH_BYTES = 1024 * 1024
"""A thousand URLs of 1 KiB."""
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 1024 * 1024
"""The largest file that is read, and what surrounds it."""
MAX_PARTS = 1000
"""Of a form: those after the first are read to be refused by their names."""
UPLOAD_SECONDS = 600.0
"""For a whole form with a file, from its first byte to its last: enough at half a megabit per second."""
UPLOAD_WAIT_SECONDS = 30.0
"""How long an upload waits for others to end."""
MAX_NAME_CHARACTERS = 200

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """An uploaded file and its rows."""

    name: str
    rows: Rows


async def _import_body(request: Request, language: RequestLanguage, context: Context) -> UploadedFile | SourceInput:
    return await _file(request, language, context) if _is_form(request) else await _json(request, SourceInput)


async def _preview_body(request: Request, language: RequestLanguage, context: Context) -> UploadedFile | PreviewInput:
    return await _file(request, language, context) if _is_form(request) else await _json(request, PreviewInput)


ImportBody = Annotated[UploadedFile | SourceInput, Depends(_import_body)]
PreviewBody = Annotated[UploadedFile | PreviewInput, Depends(_preview_body)]


def _file_too_large(language: Language) -> Problem:
    message = file_problem_text(FileProblem.TOO_LARGE, language)
    error = FieldError(field="file", message=message, code=FileProblem.TOO_LARGE)
    return Problem(ProblemCode.BODY_TOO_LARGE, errors=[error])


_FILE = BodyLimit(MAX_UPLOAD_BYTES, _file_too_large, UPLOAD_SECONDS)
_URLS = BodyLimit(MAX_BATCH_BYTES)
BODY_RULES: tuple[BodyRule, ...] = (
    BodyRule("/api/lists/[^/]+/videos/batch", {JSON: _URLS}),
    BodyRule("/api/lists/[^/]+/imports", {JSON: USUAL_LIMIT, MULTIPART: _FILE}),
    BodyRule("/api/lists/[^/]+/imports/preview", {JSON: _URLS, MULTIPART: _FILE}),
)
"""Body limits of this feature's paths."""
IMPORT_BODY = body_schema(SourceInput, FileInput)
PREVIEW_BODY = body_schema(PreviewInput, FileInput)
"""Their OpenAPI documentation."""


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


async def _json(request: Request, model: type[Model]) -> Model:
    """The body as `model`. Raises RequestValidationError, as FastAPI does."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise Problem(ProblemCode.BODY_UNREADABLE) from None
    if not body:
        raise RequestValidationError([{"type": "missing", "loc": ("body",)}])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**detail, "loc": ("body", *detail["loc"])} for detail in details]) from None


async def _file(request: Request, language: Language, context: AppContext) -> UploadedFile:
    """The file of a form. Raises Problem (422) if it cannot be read.

    It is received to disk, so that a slow upload takes no place from those that are parsed.
    """
    async with _slot(context.uploads):
        form = await _form(request)
        try:
            file = _only_file(form, language)
            name = _safe_name(file.filename or "")
            async with context.files.slots:
                return UploadedFile(name, Rows((await context.files.run(read_file, name, await file.read())).rows))
        except UnreadableFileError as error:
            raise invalid_field("file", error.reason, file_problem_text(error.reason, language)) from error
        finally:
            await form.close()


@asynccontextmanager
async def _slot(uploads: asyncio.Semaphore) -> AsyncIterator[None]:
    """Hold a slot. Raises Problem (503) if none becomes free."""
    try:
        async with asyncio.timeout(UPLOAD_WAIT_SECONDS):
            await uploads.acquire()
    except TimeoutError:
        raise Problem(ProblemCode.TOO_MANY_UPLOADS) from None
    try:
        yield
    finally:
        uploads.release()


async def _form(request: Request) -> FormData:
    """The whole form. Raises Problem (400), also if it is truncated, which the parser itself accepts."""
    parser = _FormParser(request.headers, request.stream(), max_files=MAX_PARTS, max_fields=MAX_PARTS)
    try:
        form = await parser.parse()
    except (ClientDisconnect, MultiPartException, UnicodeError):  # the last: an unknown charset
        raise Problem(ProblemCode.BODY_UNREADABLE) from None
    if not parser.has_ended:
        await form.close()
        raise Problem(ProblemCode.BODY_UNREADABLE)
    return form


class _FormParser(MultiPartParser):
    """Remembers whether the last boundary was received."""

    has_ended = False

    def on_end(self) -> None:
        """Called by the parser."""
        self.has_ended = True


def _only_file(form: FormData, language: Language) -> UploadFile:
    others = [name for name in form if name != "file"]
    found = form.getlist("file")
    if others:
        raise _invalid_fields([_safe_name(name) for name in others], "extra_forbidden", language)
    if not found or (isinstance(found[0], UploadFile) and not found[0].filename):  # no file was chosen
        raise _invalid_fields(["file"], "missing", language)
    if len(found) > 1:
        raise _invalid_fields(["file"], "one_file_only", language)
    [file] = found
    if not isinstance(file, UploadFile):
        raise _invalid_fields(["file"], "file_expected", language)
    return file


def _invalid_fields(fields: Sequence[str], code: str, language: Language) -> Problem:
    errors = [FieldError(field=field, message=field_text(code, language), code=code) for field in fields]
    return Problem(ProblemCode.VALIDATION_FAILED, errors=errors)


def _safe_name(name: str) -> str:
    """A file name that can be stored and shown, without a path, which some browsers send."""
    safe = cast("str", sanitize_text(name)).replace("\\", "/")
    return "".join(character for character in PurePosixPath(safe).name if character.isprintable())[:MAX_NAME_CHARACTERS]
