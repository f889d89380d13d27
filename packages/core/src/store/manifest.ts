import { join } from "node:path"
import { canonicalJson, sha256 } from "./canonical-json.ts"

/** One file of an artefact. */
export interface ManifestFile {
  /** Relative to the content folder, with `/`. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /**
   * Of a file of at most 8 MiB: the SHA-256 of its bytes, in hexadecimal. Of a larger one: the SHA-256 of the SHA-256s
   * (32 bytes each) of its successive pieces of 8 MiB, the last one as long as it comes; so several cores can hash it.
   */
  readonly sha256: string
  readonly executable: boolean
}

/** What an artefact consists of. Its canonical JSON is stored, and the digest of that text is the artefact's name. */
export interface Manifest {
  /** A `file` artefact has exactly one file, and is that file. */
  readonly form: "file" | "folder"
  readonly files: ReadonlyArray<ManifestFile>
  /** All folders below the content folder, so that empty ones are kept. */
  readonly folders: ReadonlyArray<string>
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : 1

/** A manifest whose text doesn't depend on the order in which files were found. */
export const makeManifest = (
  form: Manifest["form"],
  files: ReadonlyArray<ManifestFile>,
  folders: ReadonlyArray<string>,
): Manifest => ({ form, files: [...files].sort(byPath), folders: [...folders].sort() })

/** The text that is stored. */
export const manifestText = (manifest: Manifest): string => canonicalJson(manifest)

/** The artefact's name: SHA-256 of the manifest's text. */
export const manifestDigest = (manifest: Manifest): string => sha256(manifestText(manifest))

/** Reads a manifest's text, if it is the one of that digest; what has the right digest we wrote ourselves. */
export const parseManifest = (text: string, digest: string): Manifest | undefined =>
  sha256(text) === digest ? JSON.parse(text) : undefined

/** Where an artefact with this manifest is, given its content folder: the folder, or its one file. */
export const artefactPath = (manifest: Manifest, content: string): string => {
  const [file] = manifest.files
  return manifest.form === "file" && file !== undefined ? join(content, file.path) : content
}
