"""python diffusion_cases.py OUT COUNT SEED : random small diffusion models in diffusers' folders, and what diffusers makes of them.

Each OUT/NNN-KIND has `model` (unet, vae, text_encoder, scheduler; no tokenizer), `expected.safetensors` and `case.json`.
Kinds: Stable Diffusion 1.x (one number of heads, convolutions as projections, QuickGELU), 2.1 (lists of heads, linear
projections), 2.1-v (the same, velocity). Widths, levels, layers, heads, groups, lengths, epsilons, sizes, number types
and the names of the files are drawn.
"""
import json, random, sys
from pathlib import Path
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

VOCABULARY = 600
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def shake(model, seed):
    """Random values everywhere, so that no bias, gain or offset is forgotten unnoticed."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if p.ndim >= 2:
                p.copy_(torch.randn(p.shape, generator=g) / p[0].numel() ** 0.5)
            elif name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn(p.shape, generator=g))
            else:
                p.copy_(0.1 * torch.randn(p.shape, generator=g))
    return model.eval()


def unet_of(r, kind, context):
    groups = r.choice([1, 2, 4])
    levels = r.randint(1, 4)
    heads = [r.choice([1, 2, 3]) for _ in range(levels)]
    fixed = r.choice([1, 2, 4])

    def unit(n):
        """Divisible by groups and heads. Normalising tokens of two or three channels leaves little but signs, which rounding may turn."""
        size = groups * 2 * (fixed if kind == "sd1" else n)
        return size if size >= 8 else 4 * size

    channels = [unit(heads[i]) * r.randint(1, 2) for i in range(levels)]
    attends = [r.random() < 0.7 for _ in range(levels)]
    return UNet2DConditionModel(
        sample_size=16, in_channels=r.choice([4, 4, 3]), out_channels=4, layers_per_block=r.randint(1, 2), block_out_channels=tuple(channels), norm_num_groups=groups,
        down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends), up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)),
        cross_attention_dim=context, attention_head_dim=fixed if kind == "sd1" else heads, use_linear_projection=kind != "sd1",
        transformer_layers_per_block=r.choice([1, 1, 2]), norm_eps=r.choice([1e-5, 1e-5, 1e-6]), flip_sin_to_cos=r.random() < 0.8, freq_shift=r.choice([0, 0, 1]))


def vae_of(r, latent):
    groups = r.choice([1, 2, 4])
    levels = r.randint(1, 4)
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=latent, block_out_channels=tuple(groups * 2 * r.randint(1, 3) for _ in range(levels)), norm_num_groups=groups,
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels, layers_per_block=r.randint(1, 2), sample_size=16,
        use_quant_conv=r.random() < 0.8, use_post_quant_conv=r.random() < 0.8, mid_block_add_attention=r.random() < 0.8, scaling_factor=r.choice([0.18215, 0.13025]))


def text_of(r, kind, width):
    return CLIPTextModel(CLIPTextConfig(
        hidden_size=width, intermediate_size=r.randint(9, 90), num_hidden_layers=r.randint(1, 3), num_attention_heads=r.choice([1, 2]), vocab_size=VOCABULARY,
        max_position_embeddings=r.choice([9, 77]), hidden_act="quick_gelu" if kind == "sd1" else "gelu", eos_token_id=VOCABULARY - 1, bos_token_id=VOCABULARY - 2, pad_token_id=0))


OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def old_names(state):
    """As files were written before diffusers 0.15."""
    for new, old in OLD.items():
        state = {k.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): v for k, v in state.items()}
    return state


def save(r, model, folder, part):
    """In one of the layouts that diffusers reads; the model computes with what the file holds."""
    dtype = r.choice(list(DTYPES))
    layout = r.choice(["plain", "plain", "fp16", "bin", "bin-fp16", "legacy", "sharded", "sharded-fp16", "sharded-bin", "old"])
    if layout.endswith("fp16"):
        dtype = "F16"
    model.to(DTYPES[dtype])
    text = part == "text_encoder"
    variant = "fp16" if layout.endswith("fp16") else None
    if layout in ("plain", "fp16", "sharded", "sharded-fp16"):
        shard = {"max_shard_size": f"{r.choice([20, 60])}KB"} if layout.startswith("sharded") else {}
        model.save_pretrained(folder / part, variant=variant, **shard)
    else:
        (model.config.save_pretrained if text else model.save_config)(folder / part)
        base = "pytorch_model" if text else "diffusion_pytorch_model"
        state = dict(model.state_dict())
        if layout == "sharded-bin":
            names, files = list(state), {}
            half = max(1, len(names) // 2)
            for i, some in enumerate((names[:half], names[half:])):
                file = f"{base}-0000{i + 1}-of-00002.bin"
                torch.save({k: state[k] for k in some}, folder / part / file)
                files |= {k: file for k in some}
            (folder / part / f"{base}.bin.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": files}))
        elif layout == "old":
            if text:
                torch.save({f"text_model.{k.removeprefix('text_model.')}": v for k, v in state.items()} | {"text_model.embeddings.position_ids": torch.arange(9)[None]}, folder / part / f"{base}.bin")
            elif part == "vae":
                torch.save(old_names(state), folder / part / f"{base}.bin")
            else:
                save_file({k: v.contiguous() for k, v in state.items()}, folder / part / f"{base}.safetensors")
        else:
            dotted = ".fp16" if variant else ""
            torch.save(state, folder / part / f"{base}{dotted}.bin", _use_new_zipfile_serialization=layout != "legacy")
    model.float()
    return f"{layout} {dtype}"


def main(out, count, seed):
    torch.manual_seed(seed)
    for number in range(count):
        kind = ["sd1", "sd2", "sd2-v"][number % 3]
        r = random.Random(f"{seed}/{number}")
        g = torch.Generator().manual_seed(seed * 1000 + number)
        randn = lambda *s: torch.randn(*s, generator=g)
        folder = Path(out) / f"{number:03}-{kind}" / "model"
        folder.mkdir(parents=True)
        width = 2 * r.choice([8, 12, 24])
        unet = shake(unet_of(r, kind, width), number)
        vae = shake(vae_of(r, unet.config.in_channels), number)
        text = shake(text_of(r, kind, width), number)
        schedule = DDPMScheduler(
            num_train_timesteps=r.choice([1000, 1000, 50]), beta_start=0.00085, beta_end=0.012, beta_schedule=r.choice(["scaled_linear", "scaled_linear", "linear"]),
            prediction_type="v_prediction" if kind == "sd2-v" else "epsilon", clip_sample=False)
        files = {part: save(r, model, folder, part) for part, model in (("unet", unet), ("vae", vae), ("text_encoder", text))}
        schedule.save_pretrained(folder / "scheduler")

        batch = r.randint(1, 2)
        step = 2 ** (len(unet.config.block_out_channels) - 1)
        size = (step * r.randint(1, 2), step * r.randint(1, 3))
        latents = randn(batch, unet.config.in_channels, *size)
        steps = torch.randint(0, schedule.config.num_train_timesteps, (batch,), generator=g)
        context = randn(batch, r.randint(1, 9), width).requires_grad_(True)
        target = randn(batch, 4, *size)
        prediction = unet(latents, steps, encoder_hidden_states=context).sample
        F.mse_loss(prediction, target).backward()
        factor = 2 ** (len(vae.config.block_out_channels) - 1)
        image = torch.rand(batch, 3, factor * r.randint(1, 3), factor * r.randint(1, 3), generator=g) * 2 - 1
        noise = randn(*latents.shape)
        ids = torch.randint(0, VOCABULARY, (2, r.randint(2, text.config.max_position_embeddings)), generator=g)
        with torch.no_grad():
            distribution = vae.encode(image).latent_dist
            expected = {
                "latents": latents, "timesteps": steps, "context": context, "target": target, "prediction": prediction, "context_gradient": context.grad,
                "image": image, "mean": distribution.mean, "log_variance": distribution.logvar, "decoded": vae.decode(distribution.mean).sample,
                "text_ids": ids, "text_states": text(ids)[0],
                "noise": noise, "noisy": schedule.add_noise(latents, noise, steps), "velocity": schedule.get_velocity(latents, noise, steps), "alphas": schedule.alphas_cumprod}
        save_file({k: v.detach().contiguous() for k, v in expected.items()}, folder.parent / "expected.safetensors")
        (folder.parent / "case.json").write_text(json.dumps({"kind": kind, "files": files, "channels": unet.config.block_out_channels, "heads": unet.config.attention_head_dim}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
