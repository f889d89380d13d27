import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { Option, Schema } from "effect"
import type { CatalogueFile } from "./catalogue/catalogue.ts"

/** The scheme of files that come with this package: `package:micro-clip/vocab.json`. */
export const PACKAGE_SCHEME = "package:"

const Manifest = Schema.Struct({
  files: Schema.Record(Schema.String, Schema.Struct({ size: Schema.Number, sha256: Schema.String })),
})
const decodeManifest = Schema.decodeUnknownOption(Schema.fromJsonString(Manifest))

/** The folder of the models that come with this package, from the sources as from a bundle. */
export const packagedModels = (): string =>
  join(dirname(createRequire(import.meta.url).resolve("@diva-pipeline/stages/package.json")), "models")

/**
 * The files of a packaged model, from its own manifest.
 *
 * @throws StageFailure (permanent) when the package is not whole
 */
export const packagedFiles = async (models: string, name: string): Promise<ReadonlyArray<CatalogueFile>> => {
  const file = join(models, name, "manifest.json")
  const manifest = Option.getOrUndefined(decodeManifest(await readFile(file, "utf8").catch(() => undefined)))
  if (manifest === undefined)
    throw permanent(`the model ${name} that should come with this package is missing or damaged`, {
      file,
      hint: "install the package again",
    })
  return Object.entries(manifest.files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { size, sha256 }]) => ({
      path,
      size,
      sha256,
      mirrors: [`${PACKAGE_SCHEME}${name}/${path}`],
      evidence: "the manifest of the package",
    }))
}
