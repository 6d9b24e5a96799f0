# The runtime alone; PostgreSQL and Valkey are services of their own (docker-compose.yml).
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUIFANG_HOME=/var/lib/huifang HUIFANG_ENV=production

RUN useradd --system --create-home --home-dir /var/lib/huifang --shell /usr/sbin/nologin huifang \
    && install -d -m 0700 -o huifang -g huifang /var/lib/huifang/files

WORKDIR /app
COPY requirements.lock ./
RUN python -m pip install --quiet --no-cache-dir --no-deps --require-hashes --requirement requirements.lock

COPY tasks ./tasks
COPY scripts ./scripts
COPY backend ./backend
COPY .ci/launcher ./huifang
RUN python -m compileall -q tasks scripts backend

USER huifang
EXPOSE 8460
ENTRYPOINT ["python", "/app/huifang"]
CMD ["api"]
