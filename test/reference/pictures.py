"""python pictures.py FOLDER : pictures of every kind, and what Pillow and open_clip make of them.

Writes images/*, cases.json (for each picture its mode and size, or why Pillow refuses it) and expected.safetensors:
NAME.decoded [height, width, 3] is convert("RGB"); NAME.shortest and NAME.squash [24, 24, 3] are the evaluation
transform's pixels before they are normalised, bicubic; NAME.bilinear is shortest with bilinear interpolation.
"""
import io, json, struct, sys, zlib
from pathlib import Path
import numpy as np, torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # PyPI's torchvision lacks these two beside the CPU build of torch.
    _lib = torch.library.Library("torchvision", "DEF")
    _lib.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _lib.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image, ImageCms, ImageDraw
from safetensors.torch import save_file

folder = Path(sys.argv[1])
r = np.random.default_rng(5)


def put(image, kind, **options):
    b = io.BytesIO()
    image.save(b, kind, **options)
    return b.getvalue()


def scene(width, height):
    """Smooth colours with hard edges and some noise."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 255 // width, y * 255 // height, (3 * x + 2 * y) % 256], -1).astype(np.uint8)
    image = Image.fromarray(base)
    d = ImageDraw.Draw(image)
    d.ellipse((3, 4, width * 2 // 3, height * 2 // 3), fill=(200, 30, 40))
    d.line((0, height, width, 0), fill=(255, 255, 255), width=2)
    pixels = np.asarray(image).copy()
    pixels[: height // 4, : width // 3] = r.integers(0, 256, (height // 4, width // 3, 3))
    return Image.fromarray(pixels)


def swapped_profile():
    """An sRGB profile whose red and green are exchanged: whoever applies it changes colours very much."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {}
    for i in range(struct.unpack(">I", data[128:132])[0]):
        name, at, size = struct.unpack(">4sII", data[132 + 12 * i : 144 + 12 * i])
        tags[name] = slice(at, at + size)
    data[tags[b"rXYZ"]], data[tags[b"gXYZ"]] = data[tags[b"gXYZ"]], data[tags[b"rXYZ"]]
    return bytes(data)


def png(values, depth, colour, extra=b""):
    """A PNG of any depth; values are [height, width, channels] of whole numbers, or packed bytes for less than 8 bits."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    height, width = values.shape[:2]
    if depth == 16:
        rows = [v.astype(">u2").tobytes() for v in values]
    elif depth == 8:
        rows = [v.astype(np.uint8).tobytes() for v in values]
    else:
        rows = [np.packbits((v.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1).tobytes() for v in values]
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def trns(data):
    return struct.pack(">I", len(data)) + b"tRNS" + data + struct.pack(">I", zlib.crc32(b"tRNS" + data))


def without(jpeg, marker):
    """A JPEG without its segments of that marker."""
    out, at = bytearray(jpeg[:2]), 2
    while jpeg[at + 1] != 0xDA:
        size = 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] != marker:
            out += jpeg[at : at + size]
        at += size
    return bytes(out + jpeg[at:])


def pictures():
    p, odd = scene(60, 44), scene(37, 53)
    cmyk = put(p.convert("CMYK"), "JPEG", quality=92)
    exif = Image.Exif(); exif[0x0112] = 6
    alpha = Image.fromarray(np.dstack([np.asarray(p), r.integers(0, 256, (44, 60), dtype=np.uint8)]), "RGBA")
    hard = Image.fromarray(np.dstack([np.asarray(p), (r.integers(0, 2, (44, 60)) * 255).astype(np.uint8)]), "RGBA")
    grey = p.convert("L")
    palette = p.quantize(40)
    wide = r.integers(0, 65536, (30, 41, 4))
    smooth = (np.add.outer(np.arange(30) * 9, np.arange(41) * 11) % 600)[..., None]
    profile = swapped_profile()
    jpeg = put(p, "JPEG", quality=90)
    yield "rgb-420.jpg", put(odd, "JPEG", quality=85, subsampling=2)
    yield "rgb-422.jpg", put(odd, "JPEG", quality=85, subsampling=1)
    yield "rgb-444.jpg", put(odd, "JPEG", quality=85, subsampling=0)
    yield "low-quality.jpg", put(p, "JPEG", quality=8)
    yield "grey.jpg", put(grey, "JPEG", quality=90)
    yield "progressive.jpg", put(odd, "JPEG", quality=85, progressive=True)
    yield "restarts.jpg", put(p, "JPEG", quality=85, restart_marker_rows=1)
    yield "kept-rgb.jpg", put(p, "JPEG", quality=90, keep_rgb=True)
    yield "cmyk-adobe.jpg", cmyk
    yield "cmyk-plain.jpg", without(cmyk, 0xEE)
    at = cmyk.index(b"Adobe")
    yield "ycck.jpg", cmyk[: at + 11] + b"\2" + cmyk[at + 12 :]
    yield "rotated.jpg", put(p, "JPEG", quality=90, exif=exif)
    yield "profile.jpg", put(p, "JPEG", quality=90, icc_profile=profile)
    yield "profile-grey.jpg", put(grey, "JPEG", quality=90, icc_profile=profile)
    yield "profile-cmyk.jpg", put(p.convert("CMYK"), "JPEG", quality=90, icc_profile=profile)
    yield "no-end.jpg", jpeg[:-2]
    yield "truncated.jpg", jpeg[: len(jpeg) * 2 // 3]
    middle = len(jpeg) * 3 // 4
    yield "damaged.jpg", jpeg[:middle] + b"\x55\x12\x34" + jpeg[middle + 3 :]
    yield "bits-1.png", put(grey.convert("1"), "PNG")
    yield "bits-2.png", png(r.integers(0, 4, (21, 33)), 2, 0)
    yield "bits-4.png", png(r.integers(0, 16, (21, 33)), 4, 0)
    yield "grey.png", put(grey, "PNG")
    yield "grey-transparent.png", put(grey, "PNG", transparency=60)
    yield "grey-alpha.png", put(alpha.convert("LA"), "PNG")
    yield "rgb.png", put(p, "PNG")
    yield "rgb-transparent.png", put(p, "PNG", transparency=(200, 30, 40))
    yield "rgb-profile.png", put(p, "PNG", icc_profile=profile)
    yield "rgba.png", put(alpha, "PNG")
    yield "rgba-hard.png", put(hard, "PNG")
    yield "palette.png", put(palette, "PNG")
    yield "palette-2.png", put(p.quantize(2), "PNG", bits=1)
    yield "palette-9.png", put(p.quantize(9), "PNG", bits=4)
    yield "palette-transparent.png", put(palette, "PNG", transparency=3)
    yield "palette-alphas.png", put(palette, "PNG", transparency=bytes(r.integers(0, 256, 40, dtype=np.uint8)))
    yield "grey-16.png", png(wide[..., :1], 16, 0)
    yield "grey-16-dark.png", png(smooth, 16, 0)
    yield "grey-16-transparent.png", png(smooth, 16, 0, trns(struct.pack(">H", 99)))
    yield "grey-alpha-16.png", png(wide[..., :2], 16, 4)
    yield "rgb-16.png", png(wide[..., :3], 16, 2)
    yield "rgba-16.png", png(wide, 16, 6)
    whole = put(p, "PNG")
    yield "truncated.png", whole[: len(whole) * 2 // 3]
    yield "lossy.webp", put(odd, "WEBP", quality=80)
    yield "lossless.webp", put(odd, "WEBP", lossless=True)
    yield "lossy-alpha.webp", put(alpha, "WEBP", quality=80)
    yield "lossless-alpha.webp", put(hard, "WEBP", lossless=True)
    yield "animated.webp", put(p, "WEBP", lossless=True, save_all=True, append_images=[scene(60, 44)], duration=50)
    whole = put(odd, "WEBP", quality=80)
    yield "truncated.webp", whole[: len(whole) * 2 // 3]
    yield "palette.gif", put(palette, "GIF")
    yield "grey.gif", put(grey, "GIF")
    yield "grey-ramp.gif", put(grey, "GIF", optimize=False)
    yield "transparent.gif", put(palette, "GIF", transparency=3)
    yield "interlaced.gif", put(palette, "GIF", interlace=1)
    yield "animated.gif", put(p.quantize(30), "GIF", save_all=True, append_images=[odd.resize((60, 44)).quantize(60)])
    plain = put(p.resize((30, 20)).quantize(16), "GIF", interlace=0)
    frame = plain.rindex(b",", 0, plain.index(struct.pack("<HH", 30, 20), 10) + 1)
    larger = plain[:6] + struct.pack("<HH", 44, 36) + plain[10:frame] + b"," + struct.pack("<HH", 7, 9) + plain[frame + 5 :]
    yield "placed.gif", larger
    control = b"!\xf9\x04\x01\0\0\x05\0"
    yield "placed-transparent.gif", larger[: frame] + control + larger[frame:]
    yield "truncated.gif", plain[: len(plain) * 2 // 3]
    yield "rgb.tif", put(p, "TIFF")
    yield "cmyk.tif", put(p.convert("CMYK"), "TIFF")


def pixels(transform, image):
    return (transform(image) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()


def transform(**how):
    return image_transform_v2(PreprocessCfg(size=24, mean=(0, 0, 0), std=(1, 1, 1), **how), is_train=False)


(folder / "images").mkdir(parents=True, exist_ok=True)
cases, expected = {}, {}
for name, data in pictures():
    (folder / "images" / name).write_bytes(data)
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception as error:
        cases[name] = {"refused": str(error)}
        continue
    cases[name] = {"mode": image.mode, "size": list(image.size)}
    expected[f"{name}.decoded"] = torch.from_numpy(np.asarray(image.convert("RGB")).copy())
    expected[f"{name}.shortest"] = pixels(transform(), image)
    expected[f"{name}.squash"] = pixels(transform(resize_mode="squash"), image)
    expected[f"{name}.bilinear"] = pixels(transform(interpolation="bilinear"), image)
(folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
save_file(expected, folder / "expected.safetensors")
