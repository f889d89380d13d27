"""python stable_diffusion.py OUT : small random models with the structure, configuration and file names of Stable Diffusion 1.x and 2.1-v.

Writes OUT/sd-1 (one number of heads for all levels, convolutions as projections, QuickGELU, the old names of the
autoencoder's attention, torch files) and OUT/sd-2-v (heads by level, linear projections, velocity, files of half precision), each with
expected.safetensors as that of `sd`: what diffusers and transformers make of them.
"""
import json, sys
from pathlib import Path
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

WIDTH, VOCABULARY = 24, 90
OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "trained_betas": None}


def shake(model, g):
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if p.ndim >= 2:
                p.copy_(torch.randn(p.shape, generator=g) / p[0].numel() ** 0.5)
            else:
                p.copy_((1 if name.endswith("weight") else 0) + 0.15 * torch.randn(p.shape, generator=g))
    # What the files hold in half precision is what is computed with.
    return model.half().float().eval()


def make(folder, kind, seed):
    g = torch.Generator().manual_seed(seed)
    one = kind == "sd-1"
    blocks = 3
    unet = shake(UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16, 16), layers_per_block=1 if one else 2, norm_num_groups=4, cross_attention_dim=WIDTH,
        down_block_types=("CrossAttnDownBlock2D",) * (blocks - 1) + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (blocks - 1),
        attention_head_dim=4 if one else [1, 2, 4], use_linear_projection=not one, upcast_attention=not one), g)
    vae = shake(AutoencoderKL(
        block_out_channels=(8, 12), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1 if one else 2, norm_num_groups=4, sample_size=16), g)
    text = shake(CLIPTextModel(CLIPTextConfig(
        hidden_size=WIDTH, intermediate_size=60, num_hidden_layers=2, num_attention_heads=3, vocab_size=VOCABULARY, max_position_embeddings=77, hidden_act="quick_gelu" if one else "gelu",
        eos_token_id=2 if one else VOCABULARY - 1, bos_token_id=0, pad_token_id=1)), g)
    schedule = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="epsilon" if one else "v_prediction", clip_sample=False)

    latent, noise, target = (torch.randn(2, 4, 8, 8, generator=g) for _ in range(3))
    steps = torch.tensor([37, 981])
    context = torch.randn(2, 5, WIDTH, generator=g).requires_grad_(True)
    prediction = unet(latent, steps, encoder_hidden_states=context).sample
    loss = F.mse_loss(prediction, target)
    loss.backward()
    image = torch.rand(2, 3, 16, 16, generator=g) * 2 - 1
    ids = torch.randint(0, VOCABULARY, (3, 77), generator=g)
    with torch.no_grad():
        posterior = vae.encode(image).latent_dist
        expected = {
            "latent": latent, "timestep": steps, "context": context, "noise_prediction": prediction, "target": target, "loss": loss, "context_gradient": context.grad,
            "image": image, "vae_mean": posterior.mean, "vae_logvar": posterior.logvar, "vae_decoded_mean": vae.decode(posterior.mean).sample,
            "text_ids": ids, "text_hidden_states": text(ids)[0], "alphas_cumprod": schedule.alphas_cumprod, "add_noise_timesteps": steps, "add_noise_x0": latent,
            "add_noise_noise": noise, "add_noise_result": schedule.add_noise(latent, noise, steps), "velocity": schedule.get_velocity(latent, noise, steps)}

    for part, model in (("unet", unet), ("vae", vae), ("text_encoder", text)):
        if not one:
            model.half().save_pretrained(folder / part, variant="fp16")
            continue
        state = {k: v.half() for k, v in model.state_dict().items()}
        if part == "vae":
            for new, old in OLD.items():
                state = {k.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): v for k, v in state.items()}
        if part == "text_encoder":
            model.config.save_pretrained(folder / part)
            torch.save({f"text_model.{k.removeprefix('text_model.')}": v for k, v in state.items()}, folder / part / "pytorch_model.bin")
        else:
            model.save_config(folder / part)
            torch.save(state, folder / part / "diffusion_pytorch_model.bin")
    scheduler = {"_class_name": "PNDMScheduler", "skip_prk_steps": True} if one else {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(scheduler | BETAS, indent=2) + "\n")
    save_file({k: v.detach().clone().contiguous() for k, v in expected.items()}, folder / "expected.safetensors")


for seed, kind in enumerate(("sd-1", "sd-2-v")):
    folder = Path(sys.argv[1]) / kind
    folder.mkdir(parents=True, exist_ok=True)
    make(folder, kind, 40 + seed)
