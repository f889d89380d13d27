import { join } from "node:path"
import { Schema } from "effect"
import { canonicalJson, sha256 } from "./canonical-json.ts"

/** One file of an artefact. */
export const ManifestFile = Schema.Struct({
  /** Relative to the content folder, with `/`. */
  path: Schema.String,
  /** Bytes. */
  size: Schema.Number,
  sha256: Schema.String,
  executable: Schema.Boolean,
})
export type ManifestFile = typeof ManifestFile.Type

/** What an artefact consists of. Its canonical JSON is stored, and the digest of that text is the artefact's name. */
export const Manifest = Schema.Struct({
  /** A `file` artefact has exactly one file, and is that file. */
  form: Schema.Literals(["file", "folder"]),
  files: Schema.Array(ManifestFile),
  /** All folders below the content folder, so that empty ones are kept. */
  folders: Schema.Array(Schema.String),
})
export type Manifest = typeof Manifest.Type

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

/** Reads a manifest's text; fails on anything that is not one. */
export const parseManifest = Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))

/** Where an artefact with this manifest is, given its content folder: the folder, or its one file. */
export const artefactPath = (manifest: Manifest, content: string): string => {
  const [file] = manifest.files
  return manifest.form === "file" && file !== undefined ? join(content, file.path) : content
}
