/**
 * The caption, after `prefix` where `drawn` (uniform in 0…1) is below `share`, so that a model knows captions with
 * and without "a photo of ". A caption that already begins with it stays.
 */
export const prefixed = (caption: string, prefix: string, share: number, drawn: number): string =>
  drawn < share && !caption.startsWith(prefix) ? prefix + caption : caption
