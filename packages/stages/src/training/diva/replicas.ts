import { join } from "node:path"
import { CONDITION_FILE, type Condition, readCondition } from "../../condition/index.ts"
import { localSum } from "./gradient-sum.ts"
import { loadTrainingModel } from "./load-model.ts"
import { LocalReplica } from "./local-replica.ts"
import type { DivaOptions, WorkOptions } from "./options.ts"
import { startRemoteReplicas } from "./remote-replica.ts"
import type { Replica } from "./replica.ts"

/** The replicas of a training, and what is the same of all. */
export interface Replicas {
  readonly all: readonly [Replica, ...ReadonlyArray<Replica>]
  readonly condition: Condition
  /** Pixels of a side of the crops. */
  readonly size: number
  /** How many numbers are trained. */
  readonly trainedNumbers: number
  readonly close: () => Promise<void>
}

/** Loads the model: in this process for one worker, else in as many others as there are workers. */
export const openReplicas = async (
  folder: string,
  options: DivaOptions,
  work: WorkOptions,
): Promise<Replicas> => {
  const condition = await readCondition(join(folder, CONDITION_FILE))
  const size = condition.dimensions["image-size"]
  const opened =
    work.workers > 1 ? await startRemoteReplicas(folder, options, work) : await openLocal(folder, options)
  const close = async () => {
    await Promise.all(opened.all.map((replica) => replica.dispose()))
  }
  return { ...opened, condition, size, close }
}

const openLocal = async (
  folder: string,
  options: DivaOptions,
): Promise<Pick<Replicas, "all" | "trainedNumbers">> => {
  const loaded = await loadTrainingModel(folder, options)
  const replica = new LocalReplica(loaded, options, localSum())
  return { all: [replica], trainedNumbers: loaded.trainable.count() }
}
