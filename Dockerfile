# syntax=docker/dockerfile:1
# Small image: the locked packages and the source, nothing to compile. Never built where this repository is developed:
# .ci/run executes the same install commands in a clean environment instead.
FROM python:3.12-slim AS packages
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/base.txt \
 && /venv/bin/python -m pip uninstall --yes --quiet pip

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home otvet \
 && install -d -o otvet -g otvet /data /knowledge
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
