"""python parquet_images.py OUT : tables of images as Hugging Face's datasets and pyarrow write them, with what they hold.

OUT/datasets.parquet is what `Dataset.to_parquet` writes of an Image column: a struct of bytes and path, one image missing.
OUT/CODEC.parquet holds the same struct as pyarrow writes it with that compression, small row groups and pages of version 2,
and OUT/bytes.parquet the images as large binary values beside their keys. Image N is 12 × 10 pixels of the colour (10·N, 10·N, 10·N).
Needs pyarrow, pillow and datasets.
"""
import io, sys
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from datasets import Dataset, Features, Image, Value
from PIL import Image as Picture

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def png(number):
    file = io.BytesIO()
    Picture.new("RGB", (12, 10), (10 * number,) * 3).save(file, "PNG")
    return file.getvalue()


COUNT = 5
pictures = [Picture.open(io.BytesIO(png(number))) for number in range(COUNT)]
columns = {"image": [*pictures[:2], None, *pictures[2:]], "label": list(range(COUNT + 1))}
Dataset.from_dict(columns, features=Features({"image": Image(), "label": Value("int64")})).to_parquet(out / "datasets.parquet")

struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
images = pa.array([{"bytes": png(number), "path": f"{number}.png"} for number in range(COUNT)], struct)
for codec in ("snappy", "gzip", "zstd", "brotli"):
    pq.write_table(pa.table({"image": images}), out / f"{codec}.parquet", compression=codec, row_group_size=2, data_page_version="2.0")
keys = pa.array([f"key {number}" for number in range(COUNT)])
large = pa.array([png(number) for number in range(COUNT)], pa.large_binary())
pq.write_table(pa.table({"key": keys, "jpg": large}), out / "bytes.parquet")
