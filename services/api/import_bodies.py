"""Bodies of requests that may carry a file: FastAPI reads either a form or JSON, and these may be both."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from services.api.batch_rows import Rows
from services.api.batch_schemas import FileInput, PreviewInput, SourceInput
from services.api.deps import RequestLanguage, Shared
from services.api.file_problems import UnreadableFile, file_problem_text
from services.api.file_reader import FileReader
from services.api.openapi import body_schema
from services.api.problem_texts import ProblemCode
from services.api.problems import FieldError, Problem, field_text, invalid_field
from shared.contracts.texts import Language
from shared.db.driver import storable

MAX_PARTS = 1000
"""Of a form: those after the first are read to be refused by their names."""
STALLED_SECONDS = 30
"""After how long without a byte a file is given up: others wait for its place."""
MAX_NAME_CHARACTERS = 200

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that was sent, and what it says."""

    name: str
    rows: Rows


async def _import_body(request: Request, language: RequestLanguage, shared: Shared) -> UploadedFile | SourceInput:
    return await _file(request, language, shared.files) if _is_form(request) else await _json(request, SourceInput)


async def _preview_body(request: Request, language: RequestLanguage, shared: Shared) -> UploadedFile | PreviewInput:
    return await _file(request, language, shared.files) if _is_form(request) else await _json(request, PreviewInput)


ImportBody = Annotated[UploadedFile | SourceInput, Depends(_import_body)]
PreviewBody = Annotated[UploadedFile | PreviewInput, Depends(_preview_body)]
IMPORT_BODY = body_schema(SourceInput, FileInput)
PREVIEW_BODY = body_schema(PreviewInput, FileInput)
"""What the OpenAPI page says of them."""


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


async def _file(request: Request, language: Language, files: FileReader) -> UploadedFile:
    """The one file of a form. Raises Problem (422) naming what is wrong with it."""
    async with files.places:
        name, content = await _received(request, language)
        try:
            return UploadedFile(name, Rows(await files.read(name, content)))
        except UnreadableFile as error:
            raise invalid_field("file", error.reason, file_problem_text(error.reason, language)) from error


async def _received(request: Request, language: Language) -> tuple[str, bytes]:
    try:
        form = await _form(request)
    except (ClientDisconnect, TimeoutError, MultiPartException, UnicodeError):  # the last: of no character set
        raise Problem(ProblemCode.BODY_UNREADABLE) from None
    try:
        file = _only_file(form, language)
        return _safe_name(file.filename or ""), await file.read()
    finally:
        await form.close()


async def _form(request: Request) -> FormData:
    """The whole form. Raises MultiPartException where it is cut off: the parser itself takes that for its end."""
    parser = _FormParser(request.headers, _stream(request), max_files=MAX_PARTS, max_fields=MAX_PARTS)
    form = await parser.parse()
    if not parser.has_ended:
        await form.close()
        raise MultiPartException("cut off")
    return form


class _FormParser(MultiPartParser):
    """Notes whether the form's last boundary came."""

    has_ended = False

    def on_end(self) -> None:
        """Called by the parser."""
        self.has_ended = True


async def _stream(request: Request) -> AsyncGenerator[bytes, None]:
    """The body, piece by piece. Raises TimeoutError when nothing comes any more."""
    async with aclosing(request.stream()) as pieces:
        while True:
            async with asyncio.timeout(STALLED_SECONDS):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece


def _only_file(form: FormData, language: Language) -> UploadFile:
    others = [name for name in form if name != "file"]
    found = form.getlist("file")
    if others:
        raise _refused([_safe_name(name) for name in others], "extra_forbidden", language)
    if not found or (isinstance(found[0], UploadFile) and not found[0].filename):  # none was chosen
        raise _refused(["file"], "missing", language)
    if len(found) > 1:
        raise _refused(["file"], "one_file_only", language)
    [file] = found
    if not isinstance(file, UploadFile):
        raise _refused(["file"], "file_expected", language)
    return file


def _refused(fields: Sequence[str], code: str, language: Language) -> Problem:
    errors = [FieldError(field=field, message=field_text(code, language), code=code) for field in fields]
    return Problem(ProblemCode.VALIDATION_FAILED, errors=errors)


def _safe_name(name: str) -> str:
    """A name that can be kept and shown; some browsers send a path with it."""
    safe = cast("str", storable(name)).replace("\\", "/")
    return "".join(character for character in PurePosixPath(safe).name if character.isprintable())[:MAX_NAME_CHARACTERS]
