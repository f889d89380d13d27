import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { type ClipModel, findWeightsFile, loadClip } from "../models/clip/index.ts"
import { loadBackend } from "../tensor/index.ts"

/** The CLIP folder of a model: the folder itself, or `clip/` of a conditioned model. */
export const clipFolder = async (folder: string): Promise<string> => {
  for (const candidate of [folder, join(folder, "clip")]) {
    if ((await findWeightsFile(candidate)) !== undefined) return candidate
  }
  throw permanent("this is no CLIP model: it has no weights", {
    file: folder,
    hint: "give the weights of weights/fetch or train/diva, or the model of condition/inject",
  })
}

/** Loads a model, gives it to `use`, and frees its tensors whatever happens. */
export const withClip = async <A>(folder: string, use: (model: ClipModel) => Promise<A>): Promise<A> => {
  await loadBackend()
  const model = await loadClip(await clipFolder(folder))
  try {
    return await use(model)
  } finally {
    model.dispose()
  }
}
