"""python tokens.py FOLDER : the ids that open_clip's tokenizer gives every other text of FOLDER/texts.json.

Writes ids.json (without start and end, of any length), and of CLIP's vocabulary what these texts meet: vocab.json with
the real ids and merges.txt in the real order.
"""
import json, sys
from open_clip.tokenizer import SimpleTokenizer

folder = sys.argv[1]
tokenizer = SimpleTokenizer()
met = set()


class Ranks(dict):
    def get(self, pair, default=None):
        if pair in self:
            met.add(pair)
        return super().get(pair, default)


tokenizer.bpe_ranks = Ranks(tokenizer.bpe_ranks)
with open(folder + "/texts.json") as f:
    texts = [row[0] for row in json.load(f)][::2]
ids = [tokenizer.encode(text) for text in texts]
names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
used = {i for row in ids for i in row} | set(range(512)) | set(tokenizer.all_special_ids)
used |= {tokenizer.encoder["".join(pair)] for pair in met}
vocab = {names.get(token, token): i for token, i in tokenizer.encoder.items() if i in used}
merges = [pair for pair in sorted(met, key=dict(tokenizer.bpe_ranks).__getitem__)]
with open(folder + "/ids.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in ids) + "\n]\n")
with open(folder + "/vocab.json", "w") as f:
    json.dump(vocab, f)
with open(folder + "/merges.txt", "w") as f:
    f.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
