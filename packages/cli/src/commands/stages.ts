import { relative } from "node:path"
import { type AnyStage, isModuleName, makeStageLoader, nearest } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { Console, Effect, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { defaultWords, typeWords } from "../reference/index.ts"
import { type Styler, stylerFor } from "../terminal/index.ts"

const describeInput = (
  name: string,
  schema: Readonly<Record<string, unknown>>,
  required: boolean,
  style: Styler,
): ReadonlyArray<string> => {
  const fallback = defaultWords(schema, required)
  const heading = `  ${style.strong(name)}  ${typeWords(schema)}  ${fallback === "required" ? style.warning(fallback) : fallback}`
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

/** A stage of the user's own, as `uses` would name it in a document of the working folder. */
const stageOfModule = (name: string) =>
  Effect.mapError(makeStageLoader()(name, process.cwd()), ({ message, hint, at }) => {
    const place = at === undefined ? "" : `${relative(process.cwd(), at.file)}:${at.line}:${at.column}: `
    return new CommandFailed({
      message: `${place}${name} can't be used: ${message}`,
      ...(hint !== undefined && { hint }),
      exitCode: 2,
    })
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
  const stage = isModuleName(name)
    ? yield* stageOfModule(name)
    : stageDefinitions.find((candidate) => candidate.name === name)
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
