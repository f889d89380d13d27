import { permanent, type StageContext } from "@diva-pipeline/core"
import type { DivaOptions } from "./options.ts"
import type { Replica } from "./replica.ts"

const MEGABYTE = 2 ** 20

/**
 * The recipe with as many images at once as a budget of memory allows, by what one and two of them take: tensors are
 * counted, not measured, so that it is the same number each time. Where not even one finds room, activations are computed
 * a second time instead of being kept.
 *
 * @param budget in MB; without one, the recipe is as it was
 * @throws StageFailure (permanent) when not even one image finds room in any way
 */
export const withinBudget = async (
  options: DivaOptions,
  budget: number | undefined,
  replica: Pick<Replica, "peakBytes">,
  log: StageContext["log"],
): Promise<DivaOptions> => {
  if (budget === undefined) return options
  const kept = await needOf(replica, false)
  const checkpoints = kept.one > budget * MEGABYTE
  const { one, each } = checkpoints ? await needOf(replica, true) : kept
  const room = Math.floor((budget * MEGABYTE - one) / each) + 1
  if (room < 1)
    throw permanent(
      `one image at a time takes ${Math.ceil(one / MEGABYTE)} MB of tensors, memory-budget is ${budget} MB`,
      { hint: "raise memory-budget, or train fewer parameters" },
    )
  const imagesAtOnce = Math.min(options.batch, room)
  const how = checkpoints ? "; activations are computed twice" : ""
  log("info", `${imagesAtOnce} images at once, of ${Math.ceil(each / MEGABYTE)} MB each${how}`)
  return { ...options, imagesAtOnce, checkpoints }
}

/** Bytes that one image takes with all there is, and those that each further one does. */
const needOf = async (
  replica: Pick<Replica, "peakBytes">,
  checkpoints: boolean,
): Promise<{ readonly one: number; readonly each: number }> => {
  const one = await replica.peakBytes(1, checkpoints)
  return { one, each: Math.max(1, (await replica.peakBytes(2, checkpoints)) - one) }
}
