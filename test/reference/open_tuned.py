"""python open_tuned.py hugging-face|open_clip FOLDER : opens a tuned CLIP with the library it is for, and prints features.

Reads pixels.safetensors (pixels [batch, 3, height, width], text_ids [batch, tokens]) of FOLDER's parent; writes
features-NAME.safetensors beside it. Fails when a key is missing or unexpected.
"""
import json, sys
from pathlib import Path
import torch
from safetensors.torch import load_file, save_file

kind, folder = sys.argv[1], Path(sys.argv[2])
inputs = load_file(folder.parent / "pixels.safetensors")
pixels, ids = inputs["pixels"], inputs["text_ids"].long()
with torch.no_grad():
    if kind == "hugging-face":
        from transformers import CLIPModel

        model, info = CLIPModel.from_pretrained(folder, output_loading_info=True)
        wrong = {k: v for k, v in info.items() if v}
        assert not wrong, wrong
        model.eval()
        image = model.get_image_features(pixel_values=pixels)
        text = model.get_text_features(input_ids=ids)
        image, text = (getattr(x, "pooler_output", x) for x in (image, text))
    else:
        from open_clip.factory import load_checkpoint
        from open_clip.model import CLIP

        c = json.loads((folder / "open_clip_config.json").read_text())
        model_cfg = c.get("model_cfg", c)
        keys = {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"}
        model = CLIP(**{k: v for k, v in model_cfg.items() if k in keys})
        found = sorted(p for p in folder.iterdir() if p.suffix in (".bin", ".safetensors", ".pt"))
        load_checkpoint(model, str(found[0]), strict=True, weights_only=True)
        model.eval()
        image, text = model.encode_image(pixels), model.encode_text(ids)
save_file({"image": image.contiguous(), "text": text.contiguous()}, folder.parent / f"features-{folder.name}.safetensors")
