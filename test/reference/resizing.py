"""python resizing.py FOLDER : what Pillow makes of 400 images of random sizes, and torch of some.

The images are made by a formula that anyone can repeat, see image(). Writes resizing.json: for Pillow [width, height, new
width, new height, mode, filter, sha256 of the result's bytes]; for torch's bilinear without antialias [width, height,
new side] and the values of the image divided by 255, row by row, RGB.
"""
import hashlib, json, random, sys
import numpy as np, torch
from PIL import Image

r = random.Random(3)
BANDS = {"RGB": 3, "CMYK": 4, "RGBA": 4, "L": 1, "I;16": 1}
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def image(width, height, mode):
    """Pixel value number i is (7919 i + 31 i² + i² / 97) modulo 256 (or 65536), in whole numbers."""
    i = np.arange(width * height * BANDS[mode], dtype=np.int64)
    values = 7919 * i + 31 * i * i + i * i // 97
    if mode == "I;16":
        return Image.fromarray((values % 65536).astype(np.uint16).reshape(height, width))
    values = (values % 256).astype(np.uint8)
    shape = (height, width) if mode == "L" else (height, width, BANDS[mode])
    return Image.fromarray(values.reshape(shape), mode) if mode == "CMYK" else Image.fromarray(values.reshape(shape))


def sizes():
    kind = r.random()
    if kind < 0.5:
        return [r.randint(1, 120) for _ in range(4)]
    if kind < 0.7:
        return [r.randint(1, 8), r.randint(1, 300), r.randint(1, 60), r.randint(1, 300)]
    if kind < 0.9:
        w, h = r.randint(100, 700), r.randint(100, 500)
        side = r.choice([224, 336, 378, 384])
        return [w, h] + ([side, side] if r.random() < 0.4 else [side, int(side * h / w)] if w <= h else [int(side * w / h), side])
    return [r.randint(300, 1500), r.randint(1, 400), r.randint(1, 90), r.randint(1, 90)]


pillow = []
for number in range(400):
    width, height, to_width, to_height = sizes()
    mode, name = r.choice(["RGB", "RGB", "RGB", "CMYK", "RGBA", "I;16"]), r.choice(list(FILTERS))
    result = image(width, height, mode).resize((to_width, to_height), FILTERS[name])
    pillow.append([width, height, to_width, to_height, mode, name, hashlib.sha256(result.tobytes()).hexdigest()])
bilinear = []
for number in range(12):
    width, height, size = [r.randint(1, 24) for _ in range(3)]
    values = torch.from_numpy(np.asarray(image(width, height, "RGB")).copy()).permute(2, 0, 1)[None].float() / 255
    result = torch.nn.functional.interpolate(values, size=(size, size), mode="bilinear", align_corners=False, antialias=False)
    bilinear.append([width, height, size, [round(x, 6) for x in result[0].permute(1, 2, 0).flatten().tolist()]])
with open(sys.argv[1] + "/resizing.json", "w") as f:
    lines = [",\n".join(json.dumps(x) for x in part) for part in (pillow, bilinear)]
    f.write('{"pillow": [\n%s\n],\n"torch": [\n%s\n]}\n' % tuple(lines))
