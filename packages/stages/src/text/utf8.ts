import { Buffer } from "node:buffer"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Java's zero, and pairs of surrogates written as three bytes each: neither is UTF-8, but both are found in its place. */
const VARIANTS = /(\xc0\x80|\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])/

/** Reads bytes, each given as the character of that number, as UTF-8; undefined when they aren't. */
export const readUtf8 = (bytes: string): string | undefined => {
  try {
    return bytes
      .split(VARIANTS)
      .map((part, at) => (at % 2 === 0 ? decoder.decode(Buffer.from(part, "latin1")) : variant(part)))
      .join("")
  } catch {
    return undefined
  }
}

const variant = (bytes: string): string => {
  if (bytes.length === 2) return "\0"
  const bits = (at: number, mask: number): number => bytes.charCodeAt(at) & mask
  return String.fromCodePoint(
    0x10000 + (bits(1, 0x0f) << 16) + (bits(2, 0x3f) << 10) + (bits(4, 0x0f) << 6) + bits(5, 0x3f),
  )
}
