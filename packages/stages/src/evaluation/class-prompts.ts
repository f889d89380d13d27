import { type Features, normaliseRows } from "./features.ts"

/** The prompts of a class: each template with the class name in the place of `{c}`. */
export const promptsOf = (classname: string, templates: ReadonlyArray<string>): ReadonlyArray<string> =>
  templates.map((template) => template.replaceAll("{c}", () => classname))

/**
 * One feature a class, as CLIP_benchmark builds its classifier: the prompts' normalised features, their mean,
 * normalised again.
 *
 * @param prompts features of the prompts, class by class, the same number for each, each of length 1
 */
export const ensemblePrompts = (prompts: Features, classes: number): Features => {
  const { values, width } = prompts
  const templates = prompts.count / classes
  const means = new Float32Array(classes * width)
  for (let row = 0; row < prompts.count; row++) {
    const target = Math.floor(row / templates) * width
    for (let column = 0; column < width; column++)
      means[target + column] = (means[target + column] ?? 0) + (values[row * width + column] ?? 0) / templates
  }
  return normaliseRows({ values: means, count: classes, width })
}
