import { permanent } from "@diva-pipeline/core"
import { fillTemplate, type Templates } from "../benchmarks/index.ts"
import { type Features, normaliseRows } from "../features.ts"

/**
 * The prompts of a class: each template with the class name in the place of `{c}`, or those that are given for the class.
 *
 * @throws StageFailure when none are given for it
 */
export const promptsOf = (classname: string, templates: Templates): ReadonlyArray<string> => {
  if (!(templates instanceof Map)) return [...templates].map((text) => fillTemplate(String(text), classname))
  const prompts: ReadonlyArray<string> | undefined = templates.get(classname)
  if (prompts !== undefined && prompts.length > 0) return prompts
  throw permanent(`there are no prompts for the class "${classname}"`, {
    hint: "prompts by class need a list for each of the benchmark's classes, under its name",
  })
}

/**
 * One feature a class, as CLIP_benchmark builds its classifier: the prompts' normalised features, their mean,
 * normalised again.
 *
 * @param prompts features of the prompts, class by class, each of length 1
 * @param counts how many prompts each class has
 */
export const ensemblePrompts = (prompts: Features, counts: ReadonlyArray<number>): Features => {
  const { values, width } = prompts
  const means = new Float32Array(counts.length * width)
  let row = 0
  counts.forEach((count, label) => {
    for (const end = row + count; row < end; row++)
      for (let column = 0; column < width; column++)
        means[label * width + column] =
          (means[label * width + column] ?? 0) + (values[row * width + column] ?? 0) / count
  })
  return normaliseRows({ values: means, count: counts.length, width })
}
