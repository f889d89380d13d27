// examples/stages/pick.ts
import { copyFileSync, readdirSync } from "node:fs"
import { basename, join } from "node:path"
import { artefact, defineStage, permanent } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

export default defineStage({
  name: "images/pick",
  version: 1,
  summary: "Takes every n-th image of a folder",
  input: Type.Object(
    {
      images: artefact("images", { description: "A folder with PNG files" }),
      every: Type.Integer({ default: 2, minimum: 1, description: "2: every second one" }),
    },
    { additionalProperties: false },
  ),
  outputs: { images: { kind: "images", description: "The images that were taken" } },
  isolation: "host",
  run: ({ images, every }, context) =>
    Effect.gen(function* () {
      const files = readdirSync(images, { recursive: true, encoding: "utf8" }).filter((file) =>
        file.endsWith(".png"),
      )
      if (files.length === 0) return yield* permanent("there are no PNG files", { file: images })
      const taken = files.sort().filter((_, index) => index % every === 0)
      for (const [index, file] of taken.entries()) {
        copyFileSync(join(images, file), join(context.outputs.images, basename(file)))
        context.progress({ done: index + 1, total: taken.length, unit: "images" })
      }
    }),
})
