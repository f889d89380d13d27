import { type AnyStage, nearest } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { Console, Effect, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { type Styler, stylerFor } from "../terminal/index.ts"

type Schema = Readonly<Record<string, unknown>>

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null

/** A schema's type in a few words: `integer ≥ 0`, `one of mse, l1`, `artefact: weights`. */
const typeOf = (schema: Schema): string => {
  if (typeof schema.artefact === "string") return `artefact: ${schema.artefact}`
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.join(", ")}`
  if (Array.isArray(schema.anyOf)) {
    const kinds = schema.anyOf.filter(isSchema).map(typeOf)
    return kinds.every((kind) => kind.startsWith('"'))
      ? `one of ${kinds.map((kind) => JSON.parse(kind)).join(", ")}`
      : kinds.join(" or ")
  }
  if (schema.type === "array" && isSchema(schema.items)) return `list of ${typeOf(schema.items)}`
  const limits = [
    schema.minimum === undefined ? "" : ` ≥ ${schema.minimum}`,
    schema.exclusiveMinimum === undefined ? "" : ` > ${schema.exclusiveMinimum}`,
    schema.maximum === undefined ? "" : ` ≤ ${schema.maximum}`,
  ]
  return `${schema.type ?? "anything"}${limits.join("")}`
}

const describeInput = (
  name: string,
  schema: Schema,
  required: boolean,
  style: Styler,
): ReadonlyArray<string> => {
  const fallback =
    schema.default === undefined
      ? required
        ? style.warning("required")
        : "optional"
      : `default ${JSON.stringify(schema.default)}`
  const heading = `  ${style.strong(name)}  ${typeOf(schema)}  ${fallback}`
  return typeof schema.description === "string"
    ? [heading, `      ${style.quiet(schema.description)}`]
    : [heading]
}

const describeStage = (stage: AnyStage, style: Styler): string => {
  const required = new Set<string>(stage.input.required ?? [])
  const inputs = Object.entries(stage.input.properties).flatMap(([name, schema]) =>
    describeInput(name, { ...schema }, required.has(name), style),
  )
  const outputs = Object.entries(stage.outputs).flatMap(([name, output]) => [
    `  ${style.strong(name)}  ${output.kind}${output.file === undefined ? "" : ` (${output.file})`}`,
    `      ${style.quiet(output.description)}`,
  ])
  return [
    `${style.strong(stage.name)} (version ${stage.version})`,
    stage.summary,
    "",
    "inputs (under `with`)",
    ...inputs,
    "",
    "outputs",
    ...outputs,
  ].join("\n")
}

const asJson = ({ name, version, summary, input, outputs, isolation, environment, resources }: AnyStage) => ({
  name,
  version,
  summary,
  input,
  outputs,
  isolation,
  environment,
  resources,
})

/** `diva-pipeline stages [name]`: the stages there are, or one with its inputs and outputs. */
export const stages = Effect.fn("stages")(function* (options: {
  readonly name: Option.Option<string>
  readonly json: boolean
}) {
  const style = stylerFor(process.stdout)
  if (Option.isNone(options.name)) {
    const width = Math.max(...stageDefinitions.map((stage) => stage.name.length))
    const lines = stageDefinitions.map(
      (stage) => `${style.strong(stage.name.padEnd(width))}  ${stage.summary}`,
    )
    return yield* Console.log(
      options.json ? JSON.stringify(stageDefinitions.map(asJson), null, 2) : lines.join("\n"),
    )
  }
  const name = options.name.value
  const stage = stageDefinitions.find((candidate) => candidate.name === name)
  if (stage === undefined) {
    const guess = nearest(
      name,
      stageDefinitions.map((candidate) => candidate.name),
    )
    return yield* new CommandFailed({
      message: `there is no stage "${name}"`,
      hint: guess === undefined ? "`diva-pipeline stages` lists them" : `did you mean "${guess}"?`,
      exitCode: 2,
    })
  }
  return yield* Console.log(
    options.json ? JSON.stringify(asJson(stage), null, 2) : describeStage(stage, style),
  )
})
