"""A small random SiglipModel of transformers: its configuration, weights and features."""
import sys, torch
from safetensors.torch import save_file
from transformers import SiglipConfig, SiglipModel
out = sys.argv[1]
config = SiglipConfig(
    vision_config=dict(hidden_size=30, intermediate_size=71, num_hidden_layers=2, num_attention_heads=5, image_size=29, patch_size=7),
    text_config=dict(hidden_size=30, intermediate_size=67, num_hidden_layers=2, num_attention_heads=3, vocab_size=40, max_position_embeddings=9, projection_size=30, pad_token_id=1, bos_token_id=2, eos_token_id=3))
model = SiglipModel(config).eval()
g = torch.Generator().manual_seed(5)
with torch.no_grad():
    for p in model.parameters():
        p.copy_(torch.randn(p.shape, generator=g) * (p[0].numel() ** -0.5 if p.ndim > 1 else 0.3))
    image = torch.randn(2, 3, 29, 29, generator=g); ids = torch.randint(0, 40, (3, 9), generator=g)
    result = model(pixel_values=image, input_ids=ids)
model.config.to_json_file(out + "/config.json", use_diff=False)
save_file({k: v.contiguous() for k, v in model.state_dict().items() if "position_ids" not in k}, out + "/model.safetensors")
save_file({"image": image, "text_ids": ids, "image_embeds": result.image_embeds, "text_embeds": result.text_embeds, "logits_per_image": result.logits_per_image.contiguous()}, out + "/expected.safetensors")
