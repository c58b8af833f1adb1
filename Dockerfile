# The commands, `pwg`, without CUDA: docs/start.md says how it is built and run.
FROM python:3.13-slim-bookworm

# Where torch is taken from, as in `make setup`.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

WORKDIR /opt/pwg
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX" \
    "$(grep '^torch==' requirements.lock)"

COPY LICENSE README.md pyproject.toml ./
COPY bench/ bench/
COPY pwg/ pwg/
COPY qcnn/ qcnn/
COPY studies/ studies/
# The published times, which a link in bench/ leads to.
COPY results/bench/break_even.csv results/bench/
RUN pip install --no-cache-dir -c requirements.lock .

RUN useradd --create-home pwg && install --directory --owner pwg --group pwg /data /work
USER pwg
# Datasets that are there, and those that are downloaded.
ENV QCNN_DATA_DIR=/data XDG_CACHE_HOME=/data/cache
# Results are written to the current folder.
WORKDIR /work
VOLUME ["/data", "/work"]
ENTRYPOINT ["pwg"]
CMD ["--help"]
