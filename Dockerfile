# syntax=docker/dockerfile:1
# Small image: the locked packages and the source, nothing to compile. Never built where this repository is developed:
# .ci/run executes the same install commands in a clean environment instead.
ARG PYTHON_VERSION=3.12
FROM python:${PYTHON_VERSION}-slim AS packages
WORKDIR /app
COPY requirements/base.txt requirements/models.txt requirements/
# MODELS=yes adds what EMBEDDING_MODEL and RERANKER_MODEL need, a gigabyte. The lock's torch is for Python 3.11, so
# PYTHON_VERSION=3.11 goes with it; PIP_EXTRA_INDEX_URL names an index with torch's wheels for the CPU.
ARG MODELS=
ARG PIP_EXTRA_INDEX_URL=
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
    -r requirements/base.txt ${MODELS:+-r requirements/models.txt} \
 && /venv/bin/python -m pip uninstall --yes --quiet pip

FROM python:${PYTHON_VERSION}-slim
RUN useradd --uid 10001 --create-home otvet \
 && install -d -o otvet -g otvet /data /knowledge /models
COPY --from=packages /venv /venv
WORKDIR /app
COPY bot bot
COPY evaluation evaluation
COPY knowledge knowledge
COPY migrations migrations
COPY otvet otvet
COPY sandbox sandbox
COPY support support
COPY workers workers
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data KNOWLEDGE_DIR=/knowledge LOG_FORMAT=json
USER otvet
VOLUME ["/data"]
ENTRYPOINT ["python", "-m", "otvet"]
CMD ["run"]
