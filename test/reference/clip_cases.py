"""python clip_cases.py OUT COUNT SEED : random small CLIPs in the layouts of their publishers, and what the library they are for makes of them.

Each OUT/NNN-LAYOUT has `model` (the folder as published, without a tokenizer), `expected.safetensors` (image [batch, 3, height, width],
text_ids, image_features, text_features, logits, tokens after the last norm, condition tokens of four designs, and the gradient of
sum(tokens · token_weights) + sum(image_features · feature_weights) to the class or position embedding, the patch kernel and
the first block's joined projection, by open_clip's names) and `case.json`. Widths, depths, heads, patches, ratios, lengths,
pools, activations, epsilons and number types are drawn.
"""
import json, random, sys
from pathlib import Path
import torch

_lib = torch.library.Library("torchvision", "DEF")
try:
    import torchvision  # noqa: F401
except Exception:  # beside the CPU build of torch two of its ops must be declared first
    _lib.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _lib.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import open_clip, timm
import torch.nn.functional as F
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

VOCABULARY = 600
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def shake(model, seed):
    """Random values everywhere, so that no bias, gain or offset is forgotten unnoticed."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if name.endswith("logit_scale"):
                p.fill_(2.3)
            elif name.endswith("logit_bias"):
                p.fill_(-1.7)
            elif p.ndim >= 2:
                p.copy_(torch.randn(p.shape, generator=g) / p[0].numel() ** 0.5)
            elif name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn(p.shape, generator=g))
            else:
                p.copy_(0.1 * torch.randn(p.shape, generator=g))
    return model.eval()


def round_to(model, dtype):
    """What the file holds is what the reference computes with."""
    return model.to(DTYPES[dtype]).float()


def towers(r, multiple):
    """Sizes of both towers; heads are `multiple` wide where that is a rule of the layout."""
    heads, head = r.randint(1, 3), multiple or r.choice([4, 6, 8, 10, 16])
    text_heads, text_head = r.randint(1, 3), multiple or r.choice([4, 5, 8, 12])
    patch = r.choice([3, 4, 5, 7, 8])
    vision = dict(width=heads * head, layers=r.randint(1, 3), head_width=head, patch_size=patch, image_size=patch * r.randint(2, 4) + r.choice([0, 0, r.randint(1, patch - 1)]))
    text = dict(width=text_heads * text_head, layers=r.randint(1, 3), heads=text_heads, context_length=r.choice([5, 9, 16, 77]), vocab_size=VOCABULARY)
    return vision, text


def open_clip_case(r, seed, folder):
    vision, text = towers(r, None)
    for tower in (vision, text):
        if r.random() < 0.5:
            tower["mlp_ratio"] = r.choice([2.0, 3.0, 3.7362, 4.3637])
        if r.random() < 0.3:
            tower["norm_kwargs"] = {"eps": r.choice([1e-6, 1e-4])}
    quick = r.random() < 0.5
    if not quick and r.random() < 0.3:
        vision["act_kwargs"] = text["act_kwargs"] = {"approximate": "tanh"}
    custom = r.random() < 0.5
    if r.random() < 0.4:
        text["pool_type"] = r.choice(["first", "last", "argmax", "eos"])
        if text["pool_type"] == "eos":
            text["eos_id"] = VOCABULARY - 1
    if r.random() < 0.3:
        text["no_causal_mask"] = True
    if custom and r.random() < 0.5:
        text["proj_bias"] = True
    config = dict(embed_dim=r.randint(3, 40), quick_gelu=quick, vision_cfg=vision, text_cfg=text)
    extra = {}
    if custom:
        config["custom_text"] = True
        if r.random() < 0.5:
            config["init_logit_bias"] = -10
            extra["init_logit_bias"] = -10
    kind = CustomTextCLIP if custom else CLIP
    model = shake(kind(config["embed_dim"], CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=quick, **extra), seed)
    dtype = r.choice(list(DTYPES))
    model = round_to(model, dtype)
    folder.joinpath("open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    state = {k: v.to(DTYPES[dtype]).contiguous() for k, v in model.state_dict().items()}
    container = r.choice(["safetensors", "zip", "legacy", "wrapped"])
    if container == "safetensors":
        save_file(state, folder / "open_clip_model.safetensors")
    elif container == "wrapped":
        torch.save({"epoch": 3, "state_dict": {"module." + k: v for k, v in state.items()}}, folder / "open_clip_pytorch_model.bin")
    else:
        torch.save(state, folder / "open_clip_pytorch_model.bin", _use_new_zipfile_serialization=container == "zip")
    return model, "open_clip", {"config": config, "container": container, "dtype": dtype}


class OpenAI(CLIP):
    """The archive's: with the three numbers that OpenAI's hold beside the parameters."""

    def forward(self, image, text):
        return self.encode_image(image), self.encode_text(text)


def openai_case(r, seed, folder):
    vision, text = towers(r, 64)
    vision["image_size"] -= vision["image_size"] % vision["patch_size"]
    embed = r.randint(3, 40)
    model = shake(OpenAI(embed, CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=True), seed)
    dtype = r.choice(["F32", "F16"])
    model = round_to(model, dtype)
    example = (torch.zeros(1, 3, vision["image_size"], vision["image_size"]), torch.zeros(1, text["context_length"], dtype=torch.long))
    if r.random() < 0.7:
        model.input_resolution, model.context_length_, model.vocab_size_ = 1, 2, 3
        for name, value in (("input_resolution", vision["image_size"]), ("context_length", text["context_length"]), ("vocab_size", VOCABULARY)):
            if hasattr(model, name):
                delattr(model, name)
            model.register_buffer(name, torch.tensor(value))
        for p in model.parameters():
            p.requires_grad_(False)
        stored = torch.jit.trace(model, example, check_trace=False)
        if dtype == "F16":
            stored = stored.half()
        torch.jit.save(stored, str(folder / "ViT-tiny.pt"))
        model.float()
        container = "torchscript"
    else:
        torch.save({k: v.to(DTYPES[dtype]) for k, v in model.state_dict().items()}, folder / "ViT-tiny.pt")
        container = "zip"
    for p in model.parameters():
        p.requires_grad_(True)
    return model, "open_clip", {"vision": vision, "text": text, "container": container, "dtype": dtype}


def hugging_face_files(r, model, folder):
    dtype = r.choice(list(DTYPES))
    model = round_to(model, dtype)
    container = r.choice(["safetensors", "bin", "sharded", "legacy"])
    stored = model.to(DTYPES[dtype])
    if container == "safetensors":
        stored.save_pretrained(folder)
    elif container == "sharded":
        stored.save_pretrained(folder, max_shard_size=f"{r.choice([40, 100, 400])}KB")
    else:
        stored.config.save_pretrained(folder)
        torch.save(stored.state_dict(), folder / "pytorch_model.bin", _use_new_zipfile_serialization=container == "bin")
    return model.float(), {"container": container, "dtype": dtype}


def hugging_face_case(r, seed, folder):
    vision, text = towers(r, None)
    activation = r.choice(["quick_gelu", "gelu", "gelu_pytorch_tanh"])
    eps = r.choice([1e-5, 1e-5, 1e-6])
    embed = r.randint(3, 40)
    ends = r.choice([dict(eos_token_id=VOCABULARY - 1, bos_token_id=VOCABULARY - 2), dict(eos_token_id=2, bos_token_id=0)])
    config = CLIPConfig(
        projection_dim=embed,
        vision_config=dict(hidden_size=vision["width"], intermediate_size=r.randint(7, 90), num_hidden_layers=vision["layers"], num_attention_heads=vision["width"] // vision["head_width"], image_size=vision["image_size"], patch_size=vision["patch_size"], hidden_act=activation, layer_norm_eps=eps),
        text_config=dict(hidden_size=text["width"], intermediate_size=r.randint(7, 90), num_hidden_layers=text["layers"], num_attention_heads=text["heads"], vocab_size=VOCABULARY, max_position_embeddings=text["context_length"], hidden_act=activation, layer_norm_eps=eps, pad_token_id=1, **ends))
    model, case = hugging_face_files(r, shake(CLIPModel(config), seed), folder)
    return model, "hugging-face", case | ends


def siglip_sizes(r):
    vision, text = towers(r, None)
    text["heads"] = r.choice([1, 2])
    text["width"] = 2 * r.choice([4, 9, 16])
    return vision, text


def siglip_open_clip_case(r, seed, folder):
    vision, text = siglip_sizes(r)
    heads = vision["width"] // vision["head_width"]
    ratio = r.choice([2.0, 3.7362, 4.0])
    tanh = r.random() < 0.3
    name = "vit_so400m_patch16_siglip_256" if tanh else "vit_so400m_patch14_siglip_224"
    base = open_clip.get_model_config("ViT-SO400M-14-SigLIP")["text_cfg"]
    text_cfg = dict(base, **text, mlp_ratio=r.choice([2.0, 3.7362, 4.0]))
    model = CustomTextCLIP(vision["width"], CLIPVisionCfg(timm_model_name="vit_tiny_patch16_224", timm_pool="", timm_proj="none"), CLIPTextCfg(**text_cfg), init_logit_bias=-10)
    model.visual.trunk = timm.create_model(name, img_size=vision["image_size"], patch_size=vision["patch_size"], embed_dim=vision["width"], depth=vision["layers"], num_heads=heads, mlp_ratio=ratio, num_classes=0)
    model.visual.head = torch.nn.Sequential()
    dtype = r.choice(list(DTYPES))
    model = round_to(shake(model, seed), dtype)
    config = dict(embed_dim=vision["width"], init_logit_bias=-10, custom_text=True, text_cfg=text_cfg,
                  vision_cfg=dict(vision, mlp_ratio=ratio, timm_model_name=name, timm_pool="map", timm_proj="none", **({"act_kwargs": {"approximate": "tanh"}} if tanh else {})))
    folder.joinpath("open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    state = {k: v.to(DTYPES[dtype]).contiguous() for k, v in model.state_dict().items()}
    container = r.choice(["safetensors", "zip"])
    if container == "zip":
        torch.save(state, folder / "open_clip_pytorch_model.bin")
    else:
        save_file(state, folder / "open_clip_model.safetensors")
    return model, "siglip", {"config": config, "container": container, "dtype": dtype}


def siglip_hugging_face_case(r, seed, folder):
    vision, text = siglip_sizes(r)
    activation = r.choice(["gelu_pytorch_tanh", "gelu"])
    config = SiglipConfig(
        vision_config=dict(hidden_size=vision["width"], intermediate_size=r.randint(7, 90), num_hidden_layers=vision["layers"], num_attention_heads=vision["width"] // vision["head_width"], image_size=vision["image_size"], patch_size=vision["patch_size"], hidden_act=activation),
        text_config=dict(hidden_size=text["width"], intermediate_size=r.randint(7, 90), num_hidden_layers=text["layers"], num_attention_heads=text["heads"], vocab_size=VOCABULARY, max_position_embeddings=text["context_length"], projection_size=vision["width"], hidden_act=activation, pad_token_id=1, bos_token_id=2, eos_token_id=3))
    model, case = hugging_face_files(r, shake(SiglipModel(config), seed), folder)
    return model, "siglip-hugging-face", case


def ids_of(g, r, kind, length, case):
    ids = torch.zeros(3, length, dtype=torch.long)
    for i in range(3):
        k = r.randint(1, length - 2)
        body = torch.randint(3, VOCABULARY - 2, (k,), generator=g)
        if "siglip" in kind:
            ids[i] = 1
            ids[i, :k] = body
        else:
            ids[i, 0], ids[i, 1 : k + 1], ids[i, k + 1] = VOCABULARY - 2, body, VOCABULARY - 1
    return ids


def parts(model, kind):
    """Tokens after the last norm, pooled image features, text features; and the parameters whose gradients are compared."""
    v = model.visual if hasattr(model, "visual") else model.vision_model
    plain = lambda x: getattr(x, "pooler_output", x)
    if kind == "open_clip":
        tokens = lambda x: v.ln_post(v.transformer(v._embeds(x)))
        image, text = model.encode_image, model.encode_text
        block = v.transformer.resblocks[0].attn
        named = {"visual.conv1.weight": v.conv1.weight, "visual.positional_embedding": v.positional_embedding, "visual.transformer.resblocks.0.attn.in_proj_weight": block.in_proj_weight, "visual.ln_pre.weight": v.ln_pre.weight}
    elif kind == "siglip":
        tokens = v.trunk.forward_features
        image, text = model.encode_image, model.encode_text
        named = {"visual.trunk.patch_embed.proj.weight": v.trunk.patch_embed.proj.weight, "visual.trunk.pos_embed": v.trunk.pos_embed, "visual.trunk.blocks.0.attn.qkv.weight": v.trunk.blocks[0].attn.qkv.weight}
    else:
        hidden = lambda x: v(pixel_values=x).last_hidden_state
        tokens = hidden if kind.startswith("siglip") else lambda x: v.post_layernorm(hidden(x))
        image = lambda x: plain(model.get_image_features(pixel_values=x))
        text = lambda i: plain(model.get_text_features(input_ids=i))
        e = v.embeddings
        prefix = "visual.trunk.patch_embed.proj" if kind.startswith("siglip") else "visual.conv1"
        named = {f"{prefix}.weight": e.patch_embedding.weight}
        if kind == "hugging-face":
            named["visual.positional_embedding"] = e.position_embedding.weight
    return tokens, image, text, named


def conditions(r, g, model, kind, tokens, image):
    """Condition tokens of DIVA's designs, with patches drawn here: the class (SigLIP: pooled) token, then the patches'."""
    if kind.startswith("siglip"):
        first, patches = image[:, None], tokens
    else:
        projected = model.visual_projection(tokens) if kind == "hugging-face" else tokens @ model.visual.proj
        first, patches = projected[:, :1], projected[:, 1:]
    batch, count, width = patches.shape
    made, designs = {}, {}
    for name, number in (("random", r.randint(1, 9)), ("share", max(1, int(0.5 * count)))):
        drawn = torch.randint(0, count, (batch, number), generator=g)
        made[f"drawn:{name}"] = drawn
        made[f"condition:{name}"] = torch.cat([first, patches.gather(1, drawn[..., None].expand(-1, -1, width))], 1)
        designs[name] = {"random": number} if name == "random" else {"random-share": 0.5}
    window = r.randint(1, count)
    made["condition:window"] = torch.cat([first, F.avg_pool1d(patches.transpose(1, 2), window, window).transpose(1, 2)], 1)
    made["condition:all"] = torch.cat([first, patches], 1)
    return made, designs | {"window": {"window": window}, "all": "all"}


LAYOUTS = {"open_clip": open_clip_case, "openai": openai_case, "hugging-face": hugging_face_case, "siglip": siglip_open_clip_case, "siglip-hugging-face": siglip_hugging_face_case}


def main(out, count, seed):
    torch.manual_seed(seed)
    for number in range(count):
        layout = list(LAYOUTS)[number % len(LAYOUTS)]
        r = random.Random(f"{seed}/{number}")
        folder = Path(out) / f"{number:03}-{layout}"
        folder.joinpath("model").mkdir(parents=True)
        model, kind, case = LAYOUTS[layout](r, seed * 1000 + number, folder / "model")
        g = torch.Generator().manual_seed(number)
        tokens_of, image_of, text_of, named = parts(model, kind)
        config = getattr(model, "config", None)
        size = config.vision_config.image_size if config else (case.get("vision") or case["config"]["vision_cfg"])["image_size"]
        length = config.text_config.max_position_embeddings if config else (case.get("text") or case["config"]["text_cfg"])["context_length"]
        x = torch.randn(2, 3, size, size, generator=g)
        ids = ids_of(g, r, kind, length, case)
        tokens, image, text = tokens_of(x), image_of(x), text_of(ids)
        tw, fw = torch.randn(tokens.shape, generator=g), torch.randn(image.shape, generator=g)
        ((tokens * tw).sum() + (image * fw).sum()).backward()
        logits = model.logit_scale.exp() * F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T
        if getattr(model, "logit_bias", None) is not None:
            logits = logits + model.logit_bias
        expected = {"image": x, "text_ids": ids, "tokens": tokens, "image_features": image, "text_features": text, "logits": logits, "token_weights": tw, "feature_weights": fw}
        expected |= {f"gradient:{k}": p.grad for k, p in named.items()}
        made, designs = conditions(r, g, model, kind, tokens, image)
        expected |= made
        save_file({k: v.detach().contiguous() for k, v in expected.items()}, folder / "expected.safetensors")
        folder.joinpath("case.json").write_text(json.dumps({"layout": layout, "siglip": "siglip" in kind, "designs": designs} | case))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
