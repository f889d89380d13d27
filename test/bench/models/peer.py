"""The same works in PyTorch eager: prints the median seconds and the largest memory as JSON."""
import io, json, resource, statistics, sys, time
import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # PyPI's torchvision lacks these two beside the CPU build of torch.
    _lib = torch.library.Library("torchvision", "DEF")
    _lib.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _lib.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def tower(layers):
    from open_clip.model import CLIPVisionCfg, _build_vision_tower
    return _build_vision_tower(768, CLIPVisionCfg(layers=layers, width=1024, patch_size=14, image_size=224), quick_gelu=True).eval()


def features():
    m, x = tower(24), torch.randn(8, 3, 224, 224)
    def work():
        with torch.no_grad():
            m(x)
    return work


def blocks():
    m, x = tower(4), torch.randn(4, 3, 224, 224)
    chosen = [p for n, p in m.named_parameters() if "resblocks" in n]
    for p in m.parameters():
        p.requires_grad_(False)
    for p in chosen:
        p.requires_grad_(True)
    return lambda: torch.autograd.grad(m.transformer(m._embeds(x)).sum(), chosen)


def unet(gradient):
    def make():
        from diffusers import UNet2DConditionModel
        m = UNet2DConditionModel(sample_size=64, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True).eval()
        m.requires_grad_(False)
        x, c, t = torch.randn(1, 4, 64, 64), torch.randn(1, 77, 1024), torch.tensor([500])
        def work():
            if gradient:
                given = c.clone().requires_grad_(True)
                torch.autograd.grad(m(x, t, encoder_hidden_states=given).sample.square().mean(), given)
            else:
                with torch.no_grad():
                    m(x, t, encoder_hidden_states=c)
        return work
    return make


def preprocess():
    torch.set_num_threads(1)
    from PIL import Image
    from open_clip.transform import image_transform_v2, PreprocessCfg
    with open(sys.argv[3], "rb") as file:
        data = file.read()
    transform = image_transform_v2(PreprocessCfg(size=224), is_train=False)
    return lambda: [transform(Image.open(io.BytesIO(data))) for _ in range(50)]


def load():
    from safetensors.torch import load_file
    return lambda: sum(tensor.sum().item() for tensor in load_file(sys.argv[4]).values())


works = {"features": features, "blocks": blocks, "unet": unet(False), "unet-gradient": unet(True), "preprocess": preprocess, "load": load}
work = works[sys.argv[1]]()
work()
clock = time.process_time if sys.argv[1] == "preprocess" else time.perf_counter
times = []
for _ in range(int(sys.argv[2])):
    begun = clock(); work(); times.append(clock() - begun)
print(json.dumps({"seconds": statistics.median(times), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, "what": torch.__version__}))
