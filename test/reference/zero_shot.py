"""python zero_shot.py model FOLDER CONFIG.json : a random CLIP in open_clip's layout, with its tokenizer.
python zero_shot.py eval CASES.json : what CLIP_benchmark's own command says of models and webdatasets.
python zero_shot.py pairs CASES.json : what MMVP's protocol says of models and folders of pairs, by question, computed by open_clip.

CONFIG.json is a model_cfg. CASES.json is a list of {model, benchmark, task, output, split?, recalls?}: folders, and the file for the metrics.
Prints the seconds and CPU seconds of each case, without what is imported.
"""
import csv
import json
import os
import resource
import sys
import time

import torch

try:  # torchvision from PyPI beside the CPU build of torch
    import torchvision  # noqa: F401
except RuntimeError:
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import open_clip
from PIL import Image
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file


# The command tells by its name how a data set's samples come together.
DATASETS = {"zeroshot_classification": "wds/case", "zeroshot_retrieval": "wds/mscoco_captions"}


def write_model(folder: str, config: str) -> None:
    torch.manual_seed(0)
    os.makedirs(folder, exist_ok=True)
    with open(config) as file:
        model_cfg = json.load(file)
    model_cfg["text_cfg"].setdefault("vocab_size", 49408)
    preprocess_cfg = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}
    with open(f"{folder}/open_clip_config.json", "w") as file:
        json.dump({"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg}, file)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    # A new model's features hardly differ between images; stronger ones make no two scores nearly the same.
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1 and "embedding" not in name:
                value.mul_(3)
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(state, f"{folder}/open_clip_model.safetensors")
    tokenizer = SimpleTokenizer()
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    with open(f"{folder}/vocab.json", "w") as file:
        json.dump({names.get(token, token): i for token, i in tokenizer.encoder.items()}, file)
    with open(f"{folder}/merges.txt", "w") as file:
        file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in tokenizer.bpe_ranks))


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def evaluate(cases: str) -> None:
    # The command makes a model by a name, and knows only names for the weights of a file.
    def load(model_name, pretrained, cache_dir, device):
        model, _, transform = open_clip.create_model_and_transforms(model_name)
        return model.to(device), transform, open_clip.get_tokenizer(model_name)

    import clip_benchmark.cli
    import clip_benchmark.metrics.zeroshot_classification
    import clip_benchmark.models

    clip_benchmark.models.TYPE2FUNC["open_clip"] = load

    # As theirs, but for the last step, in which NumPy 2.4 takes no array of one number for a number.
    def accuracy(output, target, topk=(1,)):
        best = output.topk(max(topk), 1, True, True)[1].t()
        correct = best.eq(target.view(1, -1).expand_as(best))
        return [correct[:k].reshape(-1).float().sum(0).item() / len(target) for k in topk]

    clip_benchmark.metrics.zeroshot_classification.accuracy = accuracy
    with open(cases) as file:
        for case in json.load(file):
            start, used = time.time(), cpu_seconds()
            sys.argv = [
                "clip_benchmark", "eval", "--no_amp", "--quiet",
                "--model", f"local-dir:{case['model']}", "--pretrained", "file",
                "--dataset", DATASETS[case["task"]], "--dataset_root", case["benchmark"],
                "--task", case["task"], "--split", case.get("split", "test"), "--output", case["output"],
                "--recall_k", *map(str, case.get("recalls", [1, 5, 10])), "--batch_size", str(case.get("batch", 64)),
                "--num_workers", str(case.get("workers", 0)),
            ]
            clip_benchmark.cli.main()
            print(json.dumps({"seconds": time.time() - start, "cpu": cpu_seconds() - used}))


def score_pairs(cases: str) -> None:
    with open(cases) as file:
        for case in json.load(file):
            model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{case['model']}")
            tokenizer = open_clip.get_tokenizer(f"local-dir:{case['model']}")
            model.eval()
            with open(f"{case['benchmark']}/Questions.csv", newline="") as questions:
                rows = [row for row in csv.reader(questions)][1:]
            answers = []
            for (first, kind, one), (second, _, other) in zip(rows[::2], rows[1::2]):
                pictures = [Image.open(f"{case['benchmark']}/MLLM_VLM Images/{kind}/{qid}.jpg") for qid in (first, second)]
                texts = tokenizer([f"a photo of {one}", f"a photo of {other}"])
                with torch.no_grad():
                    images = model.encode_image(torch.stack([transform(picture) for picture in pictures]), normalize=True)
                    logits = model.logit_scale.exp() * model.encode_text(texts, normalize=True) @ images.T
                shares = logits.softmax(dim=-1)[:, 0].tolist()
                answers.append({"pair": f"{first}/{second}", "kind": kind, "shares": shares,
                                "right": shares[0] > 0.5 and not shares[1] > 0.5})
            with open(case["output"], "w") as file:
                json.dump(answers, file)


if sys.argv[1] == "model":
    write_model(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "pairs":
    score_pairs(sys.argv[2])
else:
    evaluate(sys.argv[2])
