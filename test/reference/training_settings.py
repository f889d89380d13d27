"""python training_settings.py FIXTURES : traces of training with other settings than the recipe's, in plain PyTorch.

Reads the small models of FIXTURES (clip-openai, clip-openclip, siglip, sd) and writes FIXTURES/train-settings.json. Every
random number is made by a formula that the test repeats, so that none has to be stored. Each draw has its own forward and
backward pass; nothing of the project is used.
"""
import fnmatch, json, math, sys
from pathlib import Path
import torch
import torch.nn.functional as F

import open_clip, timm
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from safetensors.torch import load_file
from transformers import CLIPTextModel

torch.set_num_threads(1)
fixtures = Path(sys.argv[1])
CLIP_STATISTICS = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_STATISTICS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Numbers:
    """x <- 1664525 x + 1013904223 modulo 2^32."""

    def __init__(self, seed):
        self.x = seed

    def uniform(self):
        self.x = (1664525 * self.x + 1013904223) % 2**32
        return self.x / 2**32

    def uniforms(self, *shape):
        return torch.tensor([self.uniform() for _ in range(math.prod(shape))]).reshape(shape)

    def normals(self, *shape):
        return torch.tensor([sum(self.uniform() for _ in range(12)) - 6 for _ in range(math.prod(shape))]).reshape(shape)

    def integers(self, count, below):
        return torch.tensor([int(self.uniform() * below) for _ in range(count)])


def column(values):
    return torch.tensor(values).view(1, 3, 1, 1)


def clip_of(name):
    c = json.loads((fixtures / name / "config.json").read_text())
    if name == "siglip":
        text = dict(open_clip.get_model_config("ViT-SO400M-14-SigLIP")["text_cfg"], **c["text"])
        m = CustomTextCLIP(c["width"], CLIPVisionCfg(timm_model_name="vit_tiny_patch16_224", timm_pool="", timm_proj="none", image_size=c["image_size"]), CLIPTextCfg(**text), init_logit_bias=-10)
        m.visual.trunk = timm.create_model("vit_so400m_patch14_siglip_224", img_size=c["image_size"], patch_size=c["patch_size"], embed_dim=c["width"], depth=c["layers"], num_heads=c["heads"], mlp_ratio=c["mlp_ratio"], num_classes=0)
        m.visual.head = torch.nn.Sequential()
    else:
        m = CLIP(c["embed_dim"], CLIPVisionCfg(**c["vision"]), CLIPTextCfg(**c["text"]), quick_gelu=c["quick_gelu"])
    missing, unexpected = m.load_state_dict(load_file(fixtures / name / "open_clip.safetensors"), strict=False)
    assert not unexpected and all("attn_mask" in k for k in missing), (missing, unexpected)
    return m.eval(), c.get("vision", c)["image_size"]


def tokens_of(m, design, view, index):
    if "window" in design:
        t = m.visual.trunk
        tokens = t.forward_features(view)
        k = design["window"]
        return torch.cat([t.attn_pool(tokens).unsqueeze(1), F.avg_pool1d(tokens.transpose(1, 2), k, k).transpose(1, 2)], 1)
    v = m.visual
    h = v.transformer(v._embeds(view))
    if index is not None:
        h = torch.cat([h[:, :1], h[:, 1:][torch.arange(len(h)).unsqueeze(1), index]], 1)
    return v.ln_post(h) @ v.proj


class LowRank(torch.nn.Module):
    def __init__(self, a, b, scale):
        super().__init__()
        self.a, self.b, self.scale = torch.nn.Parameter(a), torch.nn.Parameter(b), scale

    def forward(self, weight):
        return weight + self.scale * self.b @ self.a


def trace(s):
    m, clip_size = clip_of(s["clip"])
    sd = fixtures / "sd"
    unet = UNet2DConditionModel.from_pretrained(sd / "unet").eval()
    vae = AutoencoderKL.from_pretrained(sd / "vae").eval()
    text_encoder = CLIPTextModel.from_pretrained(sd / "text_encoder").eval()
    alphas = DDPMScheduler.from_pretrained(sd / "scheduler").alphas_cumprod
    numbers = Numbers(s["seed"])
    width = m.visual.trunk.embed_dim if s["clip"] == "siglip" else m.visual.proj.shape[1]
    context_width = unet.config.cross_attention_dim
    proj = torch.nn.Linear(width, context_width)
    with torch.no_grad():
        proj.weight.copy_(numbers.normals(context_width, width) / width**0.5)
        proj.bias.copy_(numbers.normals(context_width) * 0.1)
    everything = {n: p for n, p in m.named_parameters() if n.startswith("visual.")}
    everything |= {"visual_proj." + n: p for n, p in proj.named_parameters()}
    everything |= {"unet." + n: p for n, p in unet.named_parameters()}
    trained = {n: p for n, p in everything.items() if any(fnmatch.fnmatchcase(n, g) for g in s["trained"])}
    if "lora" in s:
        for name in sorted(s["lora"]["weights"]):
            owner, leaf = name.rsplit(".", 1)
            shape = everything[name].shape
            r = s["lora"]["rank"]
            factors = LowRank(numbers.normals(r, shape[1]) * 0.1, numbers.normals(shape[0], r) * 0.1, s["lora"]["alpha"] / r)
            torch.nn.utils.parametrize.register_parametrization(m.get_submodule(owner), leaf, factors)
            trained |= {name + ".lora_a": factors.a, name + ".lora_b": factors.b}
    for p in [*m.parameters(), *proj.parameters(), *unet.parameters(), *vae.parameters(), *text_encoder.parameters()]:
        p.requires_grad_(False)
    for p in trained.values():
        p.requires_grad_(True)
    classes, vocabulary = s["classes"], text_encoder.config.vocab_size
    def ids(length):
        rows = torch.full((classes, length), vocabulary - 1)
        for row in rows:
            row[0] = vocabulary - 2
            row[1:6] = numbers.integers(5, vocabulary - 2)
        return rows
    with torch.no_grad():
        states = text_encoder(ids(77))[0]
        classifier = F.normalize(m.encode_text(ids(77)), dim=-1) if classes > 1 else None

    def group(o, names):
        parameters = [trained[n] for n in trained if n in names]
        rate = o["learning_rate"]
        if o["rule"] == "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=o["momentum"], weight_decay=o["weight_decay"])
        return torch.optim.AdamW(parameters, lr=rate, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], weight_decay=o["weight_decay"])

    part = lambda n: "projector" if n.startswith("visual_proj.") else "denoiser" if n.startswith("unet.") else "clip"
    optimisers = [group(s["optimisers"].get(p, s["optimisers"]["all"]), {n for n in trained if part(n) == p}) for p in ("clip", "projector", "denoiser") if any(part(n) == p for n in trained)]
    total, warm = s["steps"], s["warmup"]
    done = lambda i: (i - warm) / max(1, total - warm)
    shape = {"cosine": lambda i: max(0.0, 0.5 * (1 + math.cos(math.pi * done(i)))), "linear": lambda i: max(0.0, 1 - done(i)), "constant": lambda i: 1.0}[s["schedule"]]
    factor = lambda i: i / max(1, warm) if i < warm else shape(i)
    schedules = [torch.optim.lr_scheduler.LambdaLR(o, factor) for o in optimisers]
    average = {n: p.detach().clone() for n, p in trained.items()}
    steps = []
    for step in range(total):
        for o in optimisers:
            o.zero_grad()
        losses = []
        for _ in range(s["accumulation"]):
            image = (numbers.uniforms(s["batch"], 3, 64, 64) - column(CLIP_STATISTICS[0])) / column(CLIP_STATISTICS[1])
            view = F.interpolate(image, size=(clip_size, clip_size), mode="bilinear", align_corners=False, antialias=False)
            if s["discriminative"] == "model":
                view = (view * column(CLIP_STATISTICS[1]) + column(CLIP_STATISTICS[0]) - 0.5) / 0.5
            mean, std = IMAGENET_STATISTICS if s["generative"] == "original" else CLIP_STATISTICS
            with torch.no_grad():
                latent = vae.encode((image * column(std) + column(mean)) * 2 - 1).latent_dist.mean * 0.18215
            for draw in range(s["draws"]):
                ts = numbers.integers(s["batch"], 1000)
                noise = numbers.normals(*latent.shape)
                drawn = s["design"].get("drawn", 0)
                index = numbers.integers(s["batch"] * drawn, s["design"]["patches"]).reshape(s["batch"], drawn) if drawn else None
                tokens = tokens_of(m, s["design"], view, index)
                text = states
                if classifier is not None:
                    shares = (100.0 * tokens[:, 0] @ classifier.T).softmax(-1)
                    text = (shares[:, :, None, None] * states.unsqueeze(0)).sum(1)
                context = proj(tokens) + (text if s["text"] == "add" else text.mean(1, keepdim=True))
                a = alphas[ts].view(-1, 1, 1, 1)
                prediction = unet(a**0.5 * latent + (1 - a) ** 0.5 * noise, ts, encoder_hidden_states=context).sample
                loss = (F.mse_loss if s["loss"] == "mse" else F.l1_loss)(prediction, noise)
                last = draw == s["draws"] - 1
                weight = 1 / (s["draws"] * s["accumulation"]) if s["draw_weights"] == "equal" else 1 / s["accumulation"] if last else 1
                (loss * weight).backward()
                losses.append(loss.item())
        norm = torch.nn.utils.clip_grad_norm_(list(trained.values()), s["max_gradient_norm"]).item()
        rates = [o.param_groups[0]["lr"] for o in optimisers]
        for o, schedule in zip(optimisers, schedules):
            o.step()
            schedule.step()
        for n, p in trained.items():
            d = s.get("average_decay", 0)
            average[n] = d * average[n] + (1 - d) * p.detach()
        values = average if "average_decay" in s else trained
        numbers_of = lambda p: [round(x, 7) for x in (p.detach().double().norm().item(), p.detach().double().sum().item())]
        steps.append({"losses": losses, "gradient_norm": norm, "learning_rates": rates, "parameters": {n: numbers_of(p) for n, p in values.items()}})
    return {**s, "expected": steps}


SGD = {"rule": "sgd", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0}
ADAMW = {"rule": "adamw", "learning_rate": 0.003, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": 0.1}
COMMON = {"steps": 3, "batch": 2, "accumulation": 2, "draws": 2, "draw_weights": "original", "loss": "mse", "schedule": "cosine", "warmup": 1, "max_gradient_norm": 1.0, "discriminative": "original", "generative": "original", "classes": 1, "trained": ["visual.*", "visual_proj.*"], "optimisers": {"all": SGD}}
OPENAI = {"clip": "clip-openai", "design": {"drawn": 76, "patches": 16}, "text": "add"}
ALL = {"clip": "clip-openclip", "design": {}, "text": "mean"}
HALF = {"clip": "clip-openclip", "design": {"drawn": 4, "patches": 9}, "text": "mean"}
BLOCKS = [f"visual.transformer.resblocks.{i}" for i in range(3)]
SETTINGS = [
    {"name": "AdamW, linear, three equal draws, L1", **COMMON, **OPENAI, "seed": 1, "draws": 3, "draw_weights": "equal", "accumulation": 1, "loss": "l1", "schedule": "linear", "max_gradient_norm": 0.3, "optimisers": {"all": ADAMW}},
    {"name": "weight decay, constant, moving average, CLIP's normalisation turned back", **COMMON, **ALL, "seed": 2, "schedule": "constant", "optimisers": {"all": {**SGD, "weight_decay": 0.01, "momentum": 0.5}}, "average_decay": 0.7, "generative": "corrected", "max_gradient_norm": 100.0},
    {"name": "SigLIP with its own statistics, windows of ten, one draw", **COMMON, "clip": "siglip", "design": {"window": 10}, "text": "mean", "seed": 3, "discriminative": "model", "draws": 1, "loss": "l1", "accumulation": 3},
    {"name": "three classes", **COMMON, **OPENAI, "seed": 4, "classes": 3},
    {"name": "three classes by their mean", **COMMON, **HALF, "seed": 5, "classes": 3, "warmup": 0},
    {"name": "some blocks, and keys and values of the denoiser by AdamW", **COMMON, **HALF, "seed": 6, "trained": ["visual.transformer.resblocks.1.*", "visual.ln_post.*", "unet.*.attn2.to_k.weight", "unet.*.attn2.to_v.weight"], "optimisers": {"all": SGD, "denoiser": ADAMW}},
    {"name": "low-rank factors", **COMMON, **OPENAI, "seed": 7, "trained": ["visual_proj.*"], "lora": {"rank": 2, "alpha": 3, "weights": [b + ".attn.in_proj_weight" for b in BLOCKS] + [b + ".mlp.c_fc.weight" for b in BLOCKS]}},
]
lines = [json.dumps(trace(s)) for s in SETTINGS]
(fixtures / "train-settings.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
