"""A small SentencePiece-like unigram tokenizer, and what open_clip's HFTokenizer makes of texts with it."""
import json, sys
from tokenizers import Tokenizer, models, pre_tokenizers, decoders, trainers, processors, normalizers
from transformers import PreTrainedTokenizerFast
from open_clip.tokenizer import canonicalize_text, basic_clean
out = sys.argv[1]
tok = Tokenizer(models.Unigram())
tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(__import__("tokenizers").Regex(" {2,}"), " ")])
tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
tok.decoder = decoders.Metaspace()
corpus = ["a photo of a cat", "a photo of two dogs on the grass", "the red car is parked beside a blue house", "seven birds flying over water", "a drawing of the number 7", "naïve café"] * 20
tok.train_from_iterator(corpus, trainers.UnigramTrainer(vocab_size=160, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
tok.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
fast = PreTrainedTokenizerFast(tokenizer_object=tok, pad_token="</s>", eos_token="</s>", unk_token="<unk>")
tok.save(out + "/tokenizer.json")
json.dump({"pad_token": "</s>", "eos_token": "</s>", "unk_token": "<unk>", "tokenizer_class": "T5Tokenizer"}, open(out + "/tokenizer_config.json", "w"), indent=1)
texts = ["a photo of a cat", "A  Photo, of_two DOGS!", "", "   ", "the red car's \"blue\" house &amp; water", "naïve CAFÉ", "ﬁsh №7 ｆｕｌｌ", "日本 🐱 cat", "a photo of the number 7 " * 8, "tab\tand\nline", "x" * 40, "don't-stop (ever) {7}", "ǅ İ ß Σς"]
rows = [fast([canonicalize_text(basic_clean(t))], max_length=16, padding="max_length", truncation=True)["input_ids"][0] for t in texts]
json.dump([{"text": t, "ids": r} for t, r in zip(texts, rows)], open(out + "/cases.json", "w"), ensure_ascii=False, indent=1)
