// A process with one replica of a training that several processes share. It ends when its parent does.
import { loadBackend } from "../../tensor/index.ts"
import { loadTrainingModel } from "./load-model.ts"
import { LocalReplica } from "./local-replica.ts"
import type { DivaOptions } from "./options.ts"
import { answerCalls } from "./remote-calls.ts"
import type { PictureRequest, Unit } from "./replica.ts"
import { sharedSum } from "./shared-sum.ts"

/** What the process is asked. */
export type ReplicaCall =
  | { readonly _tag: "Load"; readonly folder: string; readonly options: DivaOptions }
  | { readonly _tag: "Backward"; readonly unit: Unit }
  | { readonly _tag: "Add"; readonly isFirst: boolean }
  | { readonly _tag: "FinishStep"; readonly step: number }
  | { readonly _tag: "Save"; readonly folder: string }
  | { readonly _tag: "SaveTuned"; readonly folder: string }
  | { readonly _tag: "Restore"; readonly folder: string; readonly step: number }
  | { readonly _tag: "PeakBytes"; readonly count: number; readonly checkpoints: boolean }
  | { readonly _tag: "WritePictures"; readonly request: PictureRequest }

/** The open file of the shared sum, as the parent hands it over. */
export const SUM_FILE = 4

let replica: LocalReplica | undefined

const present = (): LocalReplica => {
  if (replica === undefined) throw new Error("the model is not loaded")
  return replica
}

const load = async (folder: string, options: DivaOptions): Promise<ReadonlyArray<number>> => {
  await loadBackend()
  const loaded = await loadTrainingModel(folder, options)
  const shapes = loaded.trainable
    .parameters()
    .entries()
    .map(([name, { shape }]) => [name, shape] as const)
  replica = new LocalReplica(loaded, options, sharedSum(SUM_FILE, new Map(shapes)))
  return [loaded.trainable.count()]
}

const answer = async (call: ReplicaCall): Promise<ReadonlyArray<number>> => {
  if (call._tag === "Load") return await load(call.folder, call.options)
  if (call._tag === "Backward") return await present().backward(call.unit)
  if (call._tag === "FinishStep") return [await present().finishStep(call.step)]
  if (call._tag === "PeakBytes") return [await present().peakBytes(call.count, call.checkpoints)]
  if (call._tag === "Add") await present().add(call.isFirst)
  else if (call._tag === "Save") await present().save(call.folder)
  else if (call._tag === "SaveTuned") await present().saveTuned(call.folder)
  else if (call._tag === "WritePictures") await present().writePictures(call.request)
  else await present().restore(call.folder, call.step)
  return []
}

answerCalls(answer)
