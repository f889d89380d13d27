# Writes which of equal values torch.topk takes on a CPU, and torch.sort puts first.
#   python test/reference/top_k.py test/fixtures/eval/top-k.json test/fixtures/eval/sort.json
import json
import sys

import torch

SIZES = [(7, 5), (10, 5), (1000, 5), (64, 1), (63, 1), (319, 5), (321, 5), (30, 10), (150, 10), (700, 10), (90, 40)]

torch.manual_seed(0)
cases = []
for n, k in SIZES:
    for levels in (1, 2, 3, 5, 20, max(2, n // 3)):
        x = torch.randint(0, levels, (n,)).float()
        top = torch.topk(x[None], k, 1, True, True)[1][0]
        cases.append({"k": k, "x": [int(value) for value in x], "top": top.tolist()})
with open(sys.argv[1], "w") as file:
    file.write(json.dumps(cases, separators=(",", ":")) + "\n")

torch.manual_seed(0)
cases = []
for n in (5, 16, 17, 18, 33, 40, 64, 100, 257, 1000):
    for levels in (1, 2, 3, 10, n // 2 + 1):
        # As CLIP_benchmark does it: a column of the scores.
        x = torch.randint(0, levels, (n, 3)).float()[:, 1]
        cases.append({"x": [int(value) for value in x], "order": torch.sort(x, 0, True)[1].tolist()})
with open(sys.argv[2], "w") as file:
    file.write(json.dumps(cases, separators=(",", ":")) + "\n")
