/**
 * SentencePiece's precompiled character map: which characters become which others before a text is split. It is a
 * double-array trie (of the library Darts-clone) whose values are places in a list of texts that end with zero.
 */
export class Charsmap {
  readonly #trie: Uint32Array
  readonly #texts: Uint8Array

  private constructor(trie: Uint32Array, texts: Uint8Array) {
    this.#trie = trie
    this.#texts = texts
  }

  /** Reads the map's bytes. Throws RangeError when they are cut. */
  static parse(bytes: Uint8Array): Charsmap {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const size = view.getUint32(0, true)
    const trie = Uint32Array.from({ length: size / 4 }, (_, at) => view.getUint32(4 + 4 * at, true))
    return new Charsmap(trie, bytes.subarray(4 + size))
  }

  /** A text with its characters replaced, as Hugging Face's tokenizers does it: short clusters first, then characters. */
  normalise(text: string): string {
    let normal = ""
    for (const { segment } of CLUSTERS.segment(text)) {
      const bytes = ENCODER.encode(segment)
      const whole = bytes.length < LONG_CLUSTER ? this.#lookUp(bytes) : undefined
      if (whole !== undefined) normal += whole
      else for (const character of segment) normal += this.#lookUp(ENCODER.encode(character)) ?? character
    }
    return normal
  }

  /** What stands for the shortest known start of these bytes. */
  #lookUp(bytes: Uint8Array): string | undefined {
    let place = offsetOf(this.#trie[0] ?? 0)
    for (const byte of bytes) {
      if (byte === 0) return undefined
      place ^= byte
      const unit = this.#trie[place] ?? 0
      if (labelOf(unit) !== byte) return undefined
      place ^= offsetOf(unit)
      if (hasValue(unit)) return this.#textAt((this.#trie[place] ?? 0) & 0x7fffffff)
    }
    return undefined
  }

  #textAt(start: number): string {
    const end = this.#texts.indexOf(0, start)
    return DECODER.decode(this.#texts.subarray(start, end < 0 ? this.#texts.length : end))
  }
}

const CLUSTERS = new Intl.Segmenter("en", { granularity: "grapheme" })
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** Clusters of this many bytes or more are always taken character by character. */
const LONG_CLUSTER = 6

const hasValue = (unit: number): boolean => ((unit >>> 8) & 1) === 1
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0
const offsetOf = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0
