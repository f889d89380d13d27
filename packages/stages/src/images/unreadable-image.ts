/** An image that cannot be used, with the reason in the message. */
export class UnreadableImage extends Error {
  override readonly name = "UnreadableImage"
}

/** Pillow's bound against decompression bombs. */
export const MAXIMUM_PIXELS = 178_956_970
