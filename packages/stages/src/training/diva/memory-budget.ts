import { permanent, type StageContext } from "@diva-pipeline/core"
import type { DivaOptions } from "./options.ts"
import type { Replica } from "./replica.ts"

const MEGABYTE = 2 ** 20

/**
 * The recipe with as many images at once as a budget of memory allows, by what one and two of them take: tensors are
 * counted, not measured, so that it is the same number each time.
 *
 * @param budget in MB; without one, the recipe is as it was
 * @throws StageFailure (permanent) when not even one image finds room
 */
export const withinBudget = async (
  options: DivaOptions,
  budget: number | undefined,
  replica: Pick<Replica, "peakBytes">,
  log: StageContext["log"],
): Promise<DivaOptions> => {
  if (budget === undefined) return options
  const [one, two] = [await replica.peakBytes(1), await replica.peakBytes(2)]
  const each = Math.max(1, two - one)
  const room = Math.floor((budget * MEGABYTE - one) / each) + 1
  if (room < 1)
    throw permanent(
      `one image at a time takes ${Math.ceil(one / MEGABYTE)} MB of tensors, memory-budget is ${budget} MB`,
      { hint: "raise memory-budget, or train fewer parameters" },
    )
  const imagesAtOnce = Math.min(options.batch, room)
  log("info", `${imagesAtOnce} images at once, of ${Math.ceil(each / MEGABYTE)} MB each`)
  return { ...options, imagesAtOnce }
}
