# Built with `docker build .`; the database is another container (see compose.yaml).
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/base.txt requirements/build.txt requirements/
RUN python -m venv /app \
 && /app/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY migrations migrations
RUN python -m venv /tools \
 && /tools/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/build.txt \
 && /tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /app/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.11-slim
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1
USER 65534
EXPOSE 8000
ENTRYPOINT ["jaringan"]
CMD ["serve", "--host", "0.0.0.0", "--no-follow"]
