"""Reads what the downloader wrote, as Python programs do, and tells what they see, as JSON."""

import io
import json
import sys

# What an action needs it imports itself: PyTorch and TensorFlow do not live in one process.


def read_shard(path):
    """By webdataset."""
    import webdataset as wds

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


def train(shards, count):
    """One epoch of open_clip's own training loader: how many images of which shape, and all texts."""
    import open_clip
    from open_clip_train.data import get_data
    from open_clip_train.params import parse_args

    arguments = ["--dataset-type=webdataset", f"--train-data={shards}", f"--train-num-samples={count}"]
    args = parse_args([*arguments, "--batch-size=4", "--workers=1"])
    args.distributed, args.rank, args.world_size = False, 0, 1
    preprocess = open_clip.image_transform(32, is_train=True)
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    loader = get_data(args, (preprocess, preprocess), tokenizer=tokenizer)["train"].dataloader
    images, texts = [], []
    for batch, tokens in loader:
        images.append(list(batch.shape))
        texts += [tokenizer.decode(row[row != 0].tolist()) for row in tokens]
    return {"images": images, "texts": texts}


def read_records(path):
    """By TensorFlow: what each example holds, and the shape of its image."""
    import tensorflow as tf

    examples = []
    for raw in tf.data.TFRecordDataset(path):
        example = tf.train.Example.FromString(raw.numpy())
        found = {}
        for name, feature in example.features.feature.items():
            kind = feature.WhichOneof("kind")
            (value,) = getattr(feature, kind).value
            found[name] = [kind, value.decode() if kind == "bytes_list" and name != "jpg" else None]
            if kind != "bytes_list":
                found[name][1] = value
            if name == "jpg":
                found[name][1] = list(tf.io.decode_jpeg(value).shape)
        examples.append(found)
    return examples


def read_table(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    rows = [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return {"schema": [[field.name, str(field.type)] for field in table.schema], "rows": rows}


NAMES = {"nearest": 0, "linear": 1, "cubic": 2, "area": 3, "lanczos": 4}


def compare(original, ours, interpolation):
    """The mean and the largest difference of a PNG of ours to OpenCV's resizing."""
    import cv2
    import numpy as np

    made = cv2.imread(ours, cv2.IMREAD_COLOR)
    height, width = made.shape[:2]
    wanted = cv2.resize(cv2.imread(original, cv2.IMREAD_COLOR), (width, height), interpolation=NAMES[interpolation])
    difference = np.abs(made.astype(int) - wanted)
    return {"mean": float(difference.mean()), "most": int(difference.max())}


def pixels(pictures, shard):
    """The mean and the largest difference of a shard of PNG files to what OpenCV and Pillow make of the pictures."""
    from pathlib import Path

    import cv2
    import numpy as np
    from PIL import Image

    ways = {f"Pillow, {filter.name.lower()}": filter for filter in Image.Resampling}
    found = {name: [] for name in ["OpenCV, area", *ways]}
    for about in sorted(Path(shard).glob("*.json")):
        original = Path(pictures) / json.loads(about.read_text())["url"]
        made = np.asarray(Image.open(about.with_suffix(".png")).convert("RGB")).astype(int)
        size = made.shape[1::-1]
        area = cv2.resize(cv2.imread(str(original)), size, interpolation=cv2.INTER_AREA)[:, :, ::-1]
        found["OpenCV, area"].append(np.abs(made - area))
        with Image.open(original) as picture:
            for name, way in ways.items():
                found[name].append(np.abs(made - np.asarray(picture.convert("RGB").resize(size, way))))
    return {
        name: {"mean": float(np.mean([d.mean() for d in all])), "most": int(max(d.max() for d in all))}
        for name, all in found.items()
    }


def encoded(original, size, quality):
    """The bytes that img2dataset stores for an image whose shorter side becomes `size`."""
    import cv2

    image = cv2.imread(original, cv2.IMREAD_UNCHANGED)
    scale = size / min(image.shape[:2])
    target = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, target, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes().hex()


ACTIONS = {
    "shard": read_shard,
    "table": read_table,
    "records": read_records,
    "train": train,
    "compare": compare,
    "pixels": pixels,
    "encoded": encoded,
}
json.dump([ACTIONS[name](*arguments) for name, *arguments in json.load(sys.stdin)], sys.stdout)
