import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Static, Type } from "typebox"
import { Check } from "typebox/value"
import type { WorkOptions } from "./options.ts"
import type { Replica } from "./replica.ts"
import { evaluationRecord, phaseName, stepRecord } from "./training-record.ts"

const natural = Type.Integer({ minimum: 0 })

const stateSchema = Type.Object({
  version: Type.Literal(2),
  /** What the training was asked to do; a checkpoint counts only for the same. */
  recipe: Type.String(),
  /** Steps done. */
  step: natural,
  phase: phaseName,
  position: Type.Object({ epoch: natural, taken: natural }),
  records: Type.Array(stepRecord),
  evaluations: Type.Array(evaluationRecord),
})

/** How far a training is, but for its tensors. */
export type TrainingState = Static<typeof stateSchema>

const STATE_FILE = "state.json"

/** Writes how far a training is, and what its replica remembers, into a folder. */
export const writeState = async (folder: string, state: TrainingState, replica: Replica): Promise<void> => {
  await replica.save(folder)
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify(state)}\n`)
}

/**
 * Saves a training beside its earlier checkpoints, and removes those that need not be kept. A kill or a power cut at any
 * moment leaves the old checkpoints, or them and the new one.
 *
 * @param folder of the task; it may hold earlier checkpoints
 */
export const saveCheckpoint = async (
  folder: string,
  state: TrainingState,
  replica: Replica,
  keep: Pick<WorkOptions, "keepCheckpoints" | "milestoneEvery">,
): Promise<void> => {
  const name = checkpointName(state.step)
  const partial = join(folder, `${name}.partial`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await writeState(partial, state, replica)
  await reachDisk(partial)
  await rm(join(folder, name), { recursive: true, force: true })
  await rename(partial, join(folder, name))
  await syncFolder(folder)
  await removeOld(folder, keep)
}

/** Waits until the files of a folder are on the disk: a name must not be there before what it names. */
const reachDisk = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    await using file = await open(join(folder, name), "r+")
    await file.sync()
  }
  await syncFolder(folder)
}

/** Waits until the names in a folder are on the disk; not every system lets a folder be opened. */
const syncFolder = async (folder: string): Promise<void> => {
  const opened = await open(folder, "r").catch(() => undefined)
  await opened?.sync().catch(() => undefined)
  await opened?.close()
}

const removeOld = async (
  folder: string,
  { keepCheckpoints, milestoneEvery }: Pick<WorkOptions, "keepCheckpoints" | "milestoneEvery">,
): Promise<void> => {
  const steps = await checkpointSteps(folder)
  const old = steps
    .slice(keepCheckpoints)
    .filter((step) => milestoneEvery === 0 || step % milestoneEvery !== 0)
    .map(checkpointName)
  const partial = (await readdir(folder)).filter((name) => /^step-\d{9}\.partial$/.test(name))
  for (const name of [...old, ...partial]) await rm(join(folder, name), { recursive: true, force: true })
}

/** The steps whose checkpoints a folder holds, the latest first. */
export const checkpointSteps = async (folder: string): Promise<ReadonlyArray<number>> =>
  (await readdir(folder).catch(() => []))
    .flatMap((name) => (/^step-\d{9}$/.test(name) ? [Number(name.slice("step-".length))] : []))
    .sort((one, other) => other - one)

/** The folder of a checkpoint among its siblings. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(9, "0")}`

/**
 * Brings all replicas to the latest checkpoint, where there is a sound one of the same recipe.
 *
 * @param onUnusable told why a checkpoint is passed over
 */
export const restoreCheckpoint = async (
  folder: string,
  recipe: string,
  replicas: ReadonlyArray<Replica>,
  onUnusable: (reason: string) => void,
): Promise<TrainingState | undefined> => {
  for (const step of await checkpointSteps(folder)) {
    const name = checkpointName(step)
    try {
      const state = await readState(join(folder, name), recipe)
      await Promise.all(replicas.map((replica) => replica.restore(join(folder, name), state.step)))
      return state
    } catch (error) {
      onUnusable(
        `the checkpoint ${name} is not used: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  return undefined
}

const readState = async (folder: string, recipe: string): Promise<TrainingState> => {
  const state: unknown = JSON.parse(await readFile(join(folder, STATE_FILE), "utf8"))
  if (!Check(stateSchema, state)) throw new Error(`${STATE_FILE} is damaged or of another version`)
  if (state.recipe !== recipe) throw new Error("it is of another training")
  return state
}
