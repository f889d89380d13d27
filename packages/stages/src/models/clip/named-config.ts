import { readdir, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { type ClipConfig, parseClipConfig } from "./config.ts"
import { ClipConfigError } from "./config-fields.ts"
import type { ClipPreprocess } from "./preprocess-config.ts"

const folder = (): string =>
  join(
    dirname(createRequire(import.meta.url).resolve("@diva-pipeline/stages/package.json")),
    "models/open_clip",
  )

/** open_clip's names of the configurations that come with this package. */
export const clipConfigNames = async (): Promise<ReadonlyArray<string>> =>
  (await readdir(folder())).map((file) => file.replace(/\.json$/, "")).sort()

/**
 * The configuration that open_clip has under that name, such as `ViT-L-14-quickgelu`.
 *
 * @throws ClipConfigError when there is none of that name
 */
export const clipConfigNamed = async (
  name: string,
): Promise<{ config: ClipConfig; preprocess: ClipPreprocess }> => {
  const names = await clipConfigNames()
  if (!names.includes(name))
    throw new ClipConfigError(`no configuration is named "${name}"; there are ${names.join(", ")}`)
  return parseClipConfig(JSON.parse(await readFile(join(folder(), `${name}.json`), "utf8")))
}
