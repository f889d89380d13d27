"""The work `retrieval` by CLIP_benchmark's own functions: prints what it found, and its seconds without what is imported."""
import json
import time

import torch

try:  # torchvision from PyPI beside the CPU build of torch
    import torchvision  # noqa: F401
except RuntimeError:
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from clip_benchmark.metrics import zeroshot_retrieval

IMAGES, CAPTIONS, WIDTH, BATCH = 5000, 5, 512, 64

torch.manual_seed(0)
images = torch.nn.functional.normalize(torch.randn(IMAGES, WIDTH), dim=-1)
texts = torch.randn(IMAGES * CAPTIONS, WIDTH) + 0.12 * WIDTH**0.5 * images.repeat_interleave(CAPTIONS, 0)
texts = torch.nn.functional.normalize(texts, dim=-1)


class Model:
    """Gives the features in their order, as if it had made them."""

    text = 0

    def encode_image(self, batch):
        return batch

    def encode_text(self, ids):
        start = Model.text
        Model.text += len(ids)
        return texts[start : Model.text]


batches = [
    (images[start : start + BATCH], [["x"] * CAPTIONS] * len(images[start : start + BATCH]))
    for start in range(0, IMAGES, BATCH)
]
begun = time.time()
metrics = zeroshot_retrieval.evaluate(
    Model(), batches, lambda texts: torch.zeros(len(texts), 1), "cpu", amp=False, recall_k_list=[1, 5, 10]
)
recalls = [
    [k, metrics[f"image_retrieval_recall@{k}"], metrics[f"text_retrieval_recall@{k}"]] for k in (1, 5, 10)
]
print(json.dumps({"seconds": time.time() - begun, "recalls": recalls}))
