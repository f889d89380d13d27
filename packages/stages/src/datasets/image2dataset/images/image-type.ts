/** Formats of images that are decoded. */
export type ImageType = "jpg" | "png" | "webp" | "gif" | "tiff" | "avif"

/**
 * What the bytes begin like. Only formats known here reach a decoder: others are not images, or (SVG, PDF) programs of
 * a sort that nobody asked for.
 */
export const imageType = (bytes: Uint8Array): ImageType | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 32)).toString("latin1")
  if (head.startsWith("\xff\xd8\xff")) return "jpg"
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png"
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp"
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "gif"
  if (head.startsWith("II*\0") || head.startsWith("MM\0*")) return "tiff"
  if (head.slice(4, 8) === "ftyp" && /avif|avis|mif1/.test(head.slice(8))) return "avif"
  return undefined
}
