import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { designNamed, injectCondition } from "../../../packages/stages/src/condition/index.ts"

const models = join(import.meta.dirname, "../../../packages/stages/models")

/** The project's own small models, joined; made once in a folder. */
export const smallModel = async (folder: string): Promise<string> => {
  const model = join(folder, "model")
  if (existsSync(model)) return model
  mkdirSync(model)
  const design = designNamed("micro")
  const [clip, diffusion] = [join(models, "micro-clip"), join(models, "micro-sd")]
  await injectCondition(model, { clip, diffusion, design, seed: 1 })
  return model
}
