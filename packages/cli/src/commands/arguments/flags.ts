import { Argument, Flag } from "effect/cli"

/** The pipeline that a command is about. */
export const document = Argument.Path("document", { pathType: "file" }).pipe(
  Argument.withDescription("The pipeline's YAML file"),
)

/** Of every command whose output machines may want. */
export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON for machines instead of text for people"),
  Flag.withDefault(false),
)

/** Of every command that reads a pipeline. */
export const pipelineFlags = {
  document,
  param: Flag.KeyValuePair("param").pipe(
    Flag.withDescription("Set a parameter: --param seed=7 (repeatable)"),
    Flag.withDefault({}),
  ),
  params: Flag.Path("params").pipe(
    Flag.withDescription("Read parameters from a YAML or JSON file (repeatable; --param wins)"),
    Flag.between(0, 16),
  ),
  profile: Flag.String("profile").pipe(
    Flag.withDescription("Apply this profile of the document (repeatable)"),
    Flag.between(0, 16),
  ),
  overlay: Flag.Path("overlay").pipe(
    Flag.withAlias("f"),
    Flag.withDescription("Lay this YAML file over the document (repeatable; wins over profiles)"),
    Flag.between(0, 16),
  ),
}

/** Of every command that looks into the store. */
export const store = Flag.Path("store").pipe(
  Flag.withDescription("Folder of cached artefacts, checkpoints and run histories"),
  Flag.withDefault(".diva-pipeline"),
)

/** Of every command for whose keys the backend matters. */
export const backendFlag = Flag.Literals("backend", ["auto", "native", "wasm", "cpu"]).pipe(
  Flag.withDescription("What tensor stages compute on"),
  Flag.withDefault("auto"),
)

const stageNames = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.between(0, 1000))

/** Of the commands that run a pipeline, or say what a run would do. */
export const engineFlags = {
  ...pipelineFlags,
  store,
  force: stageNames("force", "Run this stage even if its result is cached (repeatable)"),
  from: stageNames("from", "Run this stage and all that comes after it, even if cached (repeatable)"),
  until: stageNames("until", "Only this stage and what it needs (repeatable)"),
  only: stageNames("only", "Only this stage; what it needs must be cached (repeatable)"),
  backend: backendFlag,
  json,
}

/** Of the commands that say why a task runs. */
export const explain = Flag.Boolean("explain").pipe(
  Flag.withDescription("Say of each task that is not cached what changed, from what to what"),
  Flag.withDefault(false),
)

/** Of every command that prints what may as well be a file. */
export const output = Flag.Path("output").pipe(
  Flag.withDescription("Write into this file instead of printing"),
  Flag.optional,
)
