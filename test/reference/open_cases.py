"""python open_cases.py FOLDER NAME : opens every model that was written to FOLDER/CASE/NAME with the library that its layout is for.

The cases are those of clip_cases.py. Takes the image and text_ids of CASE/expected.safetensors, writes CASE/NAME.safetensors
(image_features, text_features, logit_scale). Fails when a key is missing or unexpected.
"""
import json, sys
from pathlib import Path
import torch

_lib = torch.library.Library("torchvision", "DEF")
try:
    import torchvision  # noqa: F401
except Exception:  # beside the CPU build of torch two of its ops must be declared first
    _lib.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _lib.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import open_clip, timm
from open_clip.factory import load_checkpoint
from open_clip.model import CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from open_clip.openai import load_openai_model
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, SiglipModel


def weights_of(folder):
    return next(str(p) for p in sorted(folder.iterdir()) if p.suffix in (".bin", ".safetensors", ".pt"))


def transformers_model(kind, folder):
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    wrong = {k: v for k, v in info.items() if v}
    assert not wrong, wrong
    return model


def siglip(folder):
    """As open_clip builds it; timm's sizes are those of the name, and these are others."""
    model_cfg = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    v = model_cfg["vision_cfg"]
    model = CustomTextCLIP(model_cfg["embed_dim"], CLIPVisionCfg(timm_model_name="vit_tiny_patch16_224", timm_pool="", timm_proj="none"), CLIPTextCfg(**model_cfg["text_cfg"]), init_logit_bias=-10)
    model.visual.trunk = timm.create_model(v["timm_model_name"], img_size=v["image_size"], patch_size=v["patch_size"], embed_dim=v["width"], depth=v["layers"], num_heads=v["width"] // v["head_width"], mlp_ratio=v.get("mlp_ratio", 4), num_classes=0)
    model.visual.head = torch.nn.Sequential()
    load_checkpoint(model, weights_of(folder), strict=True, weights_only=True)
    return model


OPEN = {
    "open_clip": lambda folder: open_clip.create_model(f"local-dir:{folder}"),
    "openai": lambda folder: load_openai_model(weights_of(folder), precision="fp32", device="cpu"),
    "hugging-face": lambda folder: transformers_model(CLIPModel, folder),
    "siglip": siglip,
    "siglip-hugging-face": lambda folder: transformers_model(SiglipModel, folder),
}

root, name = Path(sys.argv[1]), sys.argv[2]
with torch.no_grad():
    for case in sorted(p.parent for p in root.glob(f"*/{name}")):
        layout = json.loads((case / "case.json").read_text())["layout"]
        model = OPEN[layout](case / name).eval().float()
        inputs = load_file(case / "expected.safetensors")
        x, ids = inputs["image"], inputs["text_ids"].long()
        if "hugging-face" in layout:
            image, text = model.get_image_features(pixel_values=x), model.get_text_features(input_ids=ids)
            image, text = (getattr(f, "pooler_output", f) for f in (image, text))
        else:
            image, text = model.encode_image(x), model.encode_text(ids)
        save_file({"image_features": image.contiguous(), "text_features": text.contiguous(), "logit_scale": model.logit_scale.reshape(1)}, case / f"{name}.safetensors")
