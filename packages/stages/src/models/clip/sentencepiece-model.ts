import { Buffer } from "node:buffer"
import { TokenizerError } from "./tokenizer.ts"

/** A tokenizer in the words of Hugging Face's tokenizer.json and tokenizer_config.json. */
export interface TokenizerDefinition {
  readonly definition: Record<string, unknown>
  readonly settings: Record<string, unknown>
}

const SPACE = "\u2581"
const UNIGRAM = 1

/**
 * Reads a SentencePiece model (`spiece.model`), as transformers reads those of T5 and SigLIP: a unigram vocabulary, a
 * character map, spaces as `▁`, and `</s>` for the end and for padding.
 *
 * @throws TokenizerError when it is damaged or of another kind
 */
export const readSentencePieceModel = (bytes: Uint8Array): TokenizerDefinition => {
  const model = [...fieldsOf(bytes)]
  const trainer = new Map(
    model.filter(([field]) => field === 2).flatMap(([, value]) => [...fieldsOf(bytesOf(value))]),
  )
  const normaliser = new Map(
    model.filter(([field]) => field === 3).flatMap(([, value]) => [...fieldsOf(bytesOf(value))]),
  )
  if ((trainer.get(3) ?? UNIGRAM) !== UNIGRAM) throw new TokenizerError("spiece.model is no unigram model")
  const pieces = model.filter(([field]) => field === 1).map(([, value]) => pieceOf(bytesOf(value)))
  const end = pieces.findIndex(([text]) => text === "</s>")
  const unknown = pieces.findIndex(([, , type]) => type === UNKNOWN)
  if (end < 0 || unknown < 0)
    throw new TokenizerError("spiece.model has no </s>, or nothing for what is unknown")
  const charsmap = Buffer.from(bytesOf(normaliser.get(2) ?? new Uint8Array()))
  const special = (id: number) => ({
    id,
    content: pieces[id]?.[0] ?? "",
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })
  const definition = {
    added_tokens: [special(end), special(unknown)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...(charsmap.length === 0
          ? []
          : [{ type: "Precompiled", precompiled_charsmap: charsmap.toString("base64") }]),
        { type: "Strip", strip_left: false, strip_right: true },
        { type: "Replace", pattern: { Regex: " {2,}" }, content: SPACE },
      ],
    },
    pre_tokenizer: { type: "Metaspace", replacement: SPACE, prepend_scheme: "always", split: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }],
      pair: [],
      special_tokens: { "</s>": { id: "</s>", ids: [end], tokens: ["</s>"] } },
    },
    decoder: { type: "Metaspace", replacement: SPACE, prepend_scheme: "always", split: true },
    model: {
      type: "Unigram",
      unk_id: unknown,
      vocab: pieces.map(([text, score]) => [text, score]),
      byte_fallback: false,
    },
  }
  return { definition, settings: { pad_token: "</s>", eos_token: "</s>", unk_token: pieces[unknown]?.[0] } }
}

/** The kind of the piece that stands for what is unknown. */
const UNKNOWN = 2

const pieceOf = (bytes: Uint8Array): readonly [text: string, score: number, type: number] => {
  const fields = new Map(fieldsOf(bytes))
  const score = fields.get(2)
  const type = fields.get(3)
  return [
    Buffer.from(bytesOf(fields.get(1) ?? new Uint8Array())).toString("utf8"),
    score instanceof Uint8Array ? Buffer.from(score).readFloatLE(0) : 0,
    typeof type === "number" ? type : 1,
  ]
}

const bytesOf = (value: number | Uint8Array): Uint8Array => {
  if (typeof value === "number") throw damaged()
  return value
}

const damaged = (): TokenizerError => new TokenizerError("spiece.model is damaged")

/** The fields of a protocol buffer: whole numbers, and the bytes of everything else. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, value: number | Uint8Array]> {
  let at = 0
  const whole = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw damaged()
      value += (byte & 0x7f) * scale
      if (byte < 128) return value
    }
  }
  const taken = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw damaged()
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = whole()
    const [field, kind] = [Math.floor(key / 8), key % 8]
    if (kind === 0) yield [field, whole()]
    else if (kind === 1) yield [field, taken(8)]
    else if (kind === 2) yield [field, taken(whole())]
    else if (kind === 5) yield [field, taken(4)]
    else throw damaged()
  }
}
