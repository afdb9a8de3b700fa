#!/usr/bin/env bash
# What training translation models needs on top of a GPU worker: CUDA's compiler, BLAS, protobuf, Python.

for library in "$(dirname "$0")"/../lib/*.sh; do
    # shellcheck source=/dev/null
    . "$library"
done

require_root
apt_update
apt_install \
    build-essential \
    cmake \
    libboost-all-dev \
    libopenblas-dev \
    libprotobuf-dev \
    ninja-build \
    nvidia-cuda-toolkit \
    parallel \
    pigz \
    protobuf-compiler \
    python3-dev \
    python3-venv
