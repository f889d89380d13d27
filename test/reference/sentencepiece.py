"""python sentencepiece.py FOLDER TEXTS : a small SentencePiece model with the character map of SigLIP's kind (nmt_nfkc).

Needs the packages sentencepiece, protobuf and tokenizers. Writes spiece.model, and ids.json: the ids, without end or
padding, that Hugging Face's tokenizers gives the cleaned texts of texts.json with a tokenizer made of that model as
transformers does it for T5's and SigLIP's.
"""
import io, json, sys

sys.path = [p for p in sys.path if not p.endswith("test/reference")]
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

folder, texts_file = sys.argv[1:3]
with open(texts_file) as f:
    rows = json.load(f)
cleaned = [next(x for x in reversed(row) if x is not None) for row in rows]
captions = ["a photo of a cat", "a photo of two dogs on the grass", "the red car is parked beside a blue house", "seven birds flying over water", "a drawing of the number 7", "naïve café", "日本語 テキスト", "привет мир", "ελληνικά"]
out = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(captions * 30 + cleaned[:600]), model_writer=out, vocab_size=900, hard_vocab_limit=False, model_type="unigram",
    character_coverage=0.98, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2, num_threads=1,
)
with open(folder + "/spiece.model", "wb") as f:
    f.write(out.getvalue())
model = sentencepiece_model_pb2.ModelProto()
model.ParseFromString(out.getvalue())
tokenizer = Tokenizer(models.Unigram([(p.piece, p.score) for p in model.pieces], unk_id=2, byte_fallback=False))
tokenizer.normalizer = normalizers.Sequence([
    normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap),
    normalizers.Strip(left=False, right=True),
    normalizers.Replace(Regex(" {2,}"), "\u2581"),
])
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
with open(folder + "/ids.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(e.ids, separators=(",", ":")) for e in tokenizer.encode_batch(cleaned[::2])) + "\n]\n")
