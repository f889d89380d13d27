/** A training or test example: the files that share a key. */
export interface Sample {
  /** The files' path without extension, such as `000000012`. */
  readonly key: string
  /** Contents by extension: lower case, without the leading dot (`jpg`, `txt`, `seg.png`). */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** Extensions of images, in the order in which they are looked for in a sample. */
export const IMAGE_EXTENSIONS: ReadonlyArray<string> = [
  "png",
  "jpg",
  "jpeg",
  "webp",
  "gif",
  "tif",
  "tiff",
  "avif",
]

/** The encoded image of a sample, or undefined when it has none. */
export const imageOf = (sample: Sample): Uint8Array | undefined => {
  for (const extension of IMAGE_EXTENSIONS) {
    const bytes = sample.files.get(extension)
    if (bytes !== undefined) return bytes
  }
  return undefined
}

/** A text file of a sample (`txt`, `cls`, `json`), decoded, or undefined when it has none. */
export const textOf = (sample: Sample, extension: string): string | undefined => {
  const bytes = sample.files.get(extension)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/**
 * Key and extension of a member, by webdataset's rule: the key is the path up to the first dot of its last part.
 * Names without such a dot, and hidden files, belong to no sample.
 */
export const splitName = (name: string): { key: string; extension: string } | undefined => {
  const match = /^((?:.*\/)?[^./]+)\.([^/]+)$/s.exec(name)
  return match?.[1] !== undefined && match[2] !== undefined
    ? { key: match[1], extension: match[2].toLowerCase() }
    : undefined
}
