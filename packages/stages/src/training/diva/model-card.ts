import { createRequire } from "node:module"
import type { Condition } from "../../condition/index.ts"
import type { Backend } from "../../tensor/index.ts"
import type { DivaOptions, OptimiserOptions } from "./options.ts"
import type { TrainingMetrics } from "./training-record.ts"

/** What a tuned model's card tells. */
export interface CardContent {
  readonly options: DivaOptions
  readonly condition: Condition
  readonly metrics: TrainingMetrics
  readonly backend: Backend
  /** SHA-256 of the images. */
  readonly dataDigest: string
}

const { version }: { readonly version: string } = createRequire(import.meta.url)(
  "@diva-pipeline/stages/package.json",
)

/** The card of a tuned CLIP, in the form that Hugging Face's hub reads. */
export const modelCard = ({ options, condition, metrics, backend, dataDigest }: CardContent): string =>
  `---
library_name: open_clip
pipeline_tag: zero-shot-image-classification
tags: [clip, diva]
---

# A CLIP tuned by DIVA

The image tower was trained by the noise-prediction loss of a frozen diffusion model, whose condition are its own visual
tokens ([arXiv 2407.20171](https://arxiv.org/abs/2407.20171)). The text tower is the original's. Files and names of
parameters are those of the model that it was tuned from.

| recipe | |
|---|---|
${rows(recipeOf(options, condition, metrics))}

| came from | |
|---|---|
| images (SHA-256 of names and contents) | ${dataDigest} |
| diva-pipeline | ${version} |
| TensorFlow backend | ${backend.name} ${backend.version} |
| Node | ${process.versions.node} |

${scoresOf(metrics)}
`

type Rows = ReadonlyArray<readonly [name: string, value: string | number]>

const rows = (values: Rows): string =>
  values.map(([name, value]) => `| ${name} | ${String(value).replaceAll("|", "\\|")} |`).join("\n")

const recipeOf = (options: DivaOptions, { design }: Condition, metrics: TrainingMetrics): Rows => [
  ["condition design", design.name],
  ["steps", `${metrics.steps}, weights of step ${metrics.weights_of_step}`],
  ["images a step", options.batch * options.accumulation],
  ["draws", `${options.draws}, weighted: ${options.drawWeights}`],
  ["schedule", `${options.schedule}, ${options.warmup} steps of warm-up`],
  ...Object.entries(options.parts).map(
    ([name, { train, optimiser }]) =>
      [name, train.length === 0 ? "frozen" : ruleOf(train, optimiser)] as const,
  ),
  ...(options.lowRank === undefined
    ? []
    : [["low-rank factors", `rank ${options.lowRank.rank}, alpha ${options.lowRank.alpha}`] as const]),
  ...(options.averageDecay === undefined ? [] : [["moving average", options.averageDecay] as const]),
  ["gradient norm at most", options.maxGradientNorm],
  ["loss", options.loss],
  ["generative normalisation", options.generativeNormalisation],
  ["discriminative normalisation", options.discriminativeNormalisation],
  ["text", `${options.prompt} (${options.classNames.map((name) => JSON.stringify(name)).join(", ")})`],
  ["crops", `${options.crops.kind}, scale ${options.crops.scale.join("–")}`],
  ["projector alone", `${options.projectorWarmup} steps`],
  ["seed", options.seed],
]

const ruleOf = (
  train: ReadonlyArray<string>,
  { rule, learningRate, weightDecay, momentum }: OptimiserOptions,
) =>
  `${train.map((pattern) => `\`${pattern}\``).join(", ")} by ${rule}, learning rate ${learningRate}, ` +
  `weight decay ${weightDecay}${rule === "sgd" ? `, momentum ${momentum}` : ""}`

const scoresOf = ({ evaluations, first_loss, last_loss }: TrainingMetrics): string => {
  const loss = `The loss went from ${first_loss.toPrecision(4)} to ${last_loss.toPrecision(4)} (means of a tenth of the steps).`
  if (evaluations.length === 0) return `${loss} The model was not evaluated in training.`
  const lines = evaluations.map(
    ({ step, benchmark, score }) => `| ${step} | ${benchmark} | ${(100 * score).toFixed(2)} % |`,
  )
  return `${loss}\n\n| step | benchmark | score |\n|---|---|---|\n${lines.join("\n")}`
}
