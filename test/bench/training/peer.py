"""peer.py small|large REPEATS : the original's step in plain PyTorch, with random weights of the same shapes.

As the original does it, CLIP, its text tower and the diffusion model's text encoder run anew for each of the two draws.
"""
import json, resource, statistics, sys, time
from pathlib import Path
import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # PyPI's torchvision lacks these two beside the CPU build of torch.
    _lib = torch.library.Library("torchvision", "DEF")
    _lib.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _lib.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from transformers import CLIPTextConfig, CLIPTextModel

models = Path(__file__).parents[3] / "packages/stages/models"


def small():
    c = json.loads((models / "micro-clip/open_clip_config.json").read_text())["model_cfg"]
    clip = CLIP(c["embed_dim"], CLIPVisionCfg(**c["vision_cfg"]), CLIPTextCfg(**c["text_cfg"]), quick_gelu=True)
    sd = models / "micro-sd"
    parts = [m.from_config(m.load_config(sd / name)) for m, name in ((UNet2DConditionModel, "unet"), (AutoencoderKL, "vae"))]
    text = CLIPTextModel(CLIPTextConfig.from_pretrained(sd / "text_encoder"))
    return clip, *parts, text, 16, 64


def large():
    clip = CLIP(768, CLIPVisionCfg(layers=24, width=1024, patch_size=14, image_size=224), CLIPTextCfg(), quick_gelu=True)
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True)
    vae = AutoencoderKL(block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, sample_size=512)
    text = CLIPTextModel(CLIPTextConfig(hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, max_position_embeddings=77))
    return clip, unet, vae, text, 1, 512


clip, unet, vae, text_encoder, batch, side = {"small": small, "large": large}[sys.argv[1]]()
for m in (clip, unet, vae, text_encoder):
    m.eval()
    m.requires_grad_(False)
v = clip.visual
v.requires_grad_(True)
text_tokens, width = text_encoder.config.max_position_embeddings, text_encoder.config.hidden_size
proj = torch.nn.Linear(v.proj.shape[1], width)
trained = [*v.parameters(), *proj.parameters()]
optimiser = torch.optim.SGD(trained, lr=1e-4, momentum=0.9)
alphas = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear").alphas_cumprod
image = torch.randn(batch, 3, side, side)
size = v.image_size[0] if isinstance(v.image_size, tuple) else v.image_size
ids, clip_ids = torch.full((1, text_tokens), 5), torch.full((1, clip.context_length), 5)


def step():
    optimiser.zero_grad()
    view = F.interpolate(image, size=(size, size), mode="bilinear", align_corners=False, antialias=False)
    with torch.no_grad():
        latent = vae.encode(image * 0.5).latent_dist.mean * 0.18215
    for draw in range(2):
        with torch.no_grad():
            clip.encode_text(clip_ids)
            text = text_encoder(ids)[0]
        t, noise = torch.randint(0, 1000, (batch,)), torch.randn_like(latent)
        h = v.transformer(v._embeds(view))
        index = torch.randint(0, h.shape[1] - 1, (batch, text_tokens - 1))
        h = torch.cat([h[:, :1], h[:, 1:][torch.arange(batch).unsqueeze(1), index]], 1)
        context = proj(v.ln_post(h) @ v.proj) + text
        a = alphas[t].view(-1, 1, 1, 1)
        loss = F.mse_loss(unet(a**0.5 * latent + (1 - a) ** 0.5 * noise, t, encoder_hidden_states=context).sample, noise)
        (loss if draw == 0 else loss / 5).backward()
    if sys.argv[1] == "small":
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()


step()
times, processor = [], []
for _ in range(int(sys.argv[2])):
    begun, used = time.perf_counter(), time.process_time()
    step()
    times.append(time.perf_counter() - begun)
    processor.append(time.process_time() - used)
print(json.dumps({"seconds": statistics.median(times), "processor": statistics.median(processor), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, "images": batch}))
