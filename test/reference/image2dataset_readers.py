"""Reads what the downloader wrote, as Python programs do, and tells what they see, as JSON."""

import io
import json
import sys

import cv2
import numpy as np
import pyarrow.parquet as pq
import webdataset as wds


def read_shard(path):
    """As open_clip's training loader reads shards."""
    pipeline = wds.DataPipeline(
        wds.SimpleShardList(path),
        wds.tarfile_to_samples(),
        wds.decode("pilrgb"),
        wds.rename(image="jpg;png;jpeg;webp", text="txt", meta="json"),
    )
    return [
        {"key": sample["__key__"], "text": sample["text"], "size": sample["image"].size, "meta": sample["meta"]}
        for sample in pipeline
    ]


def read_table(path):
    table = pq.read_table(path)
    rows = [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return {"schema": [[field.name, str(field.type)] for field in table.schema], "rows": rows}


NAMES = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}


def compare(original, ours, interpolation):
    """The mean and the largest difference of a PNG of ours to OpenCV's resizing."""
    made = cv2.imread(ours, cv2.IMREAD_COLOR)
    height, width = made.shape[:2]
    wanted = cv2.resize(cv2.imread(original, cv2.IMREAD_COLOR), (width, height), interpolation=NAMES[interpolation])
    difference = np.abs(made.astype(int) - wanted)
    return {"mean": float(difference.mean()), "most": int(difference.max())}


def encoded(original, size, quality):
    """The bytes that img2dataset stores for an image whose shorter side becomes `size`."""
    image = cv2.imread(original, cv2.IMREAD_UNCHANGED)
    scale = size / min(image.shape[:2])
    target = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, target, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes().hex()


ACTIONS = {"shard": read_shard, "table": read_table, "compare": compare, "encoded": encoded}
json.dump([ACTIONS[name](*arguments) for name, *arguments in json.load(sys.stdin)], sys.stdout)
