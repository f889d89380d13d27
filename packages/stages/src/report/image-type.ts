/** The type by the file's first bytes; its name proves nothing. */
export const imageType = (bytes: Uint8Array): string | undefined => {
  const starts = (text: string, at = 0): boolean =>
    Buffer.from(bytes).toString("latin1", at, at + text.length) === text
  if (starts("\xff\xd8\xff")) return "image/jpeg"
  if (starts("\x89PNG\r\n\x1a\n")) return "image/png"
  return starts("RIFF") && starts("WEBP", 8) ? "image/webp" : undefined
}
