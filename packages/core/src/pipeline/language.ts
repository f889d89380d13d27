import { type TSchema, Type } from "typebox"

/** The version of the language that this program speaks. */
export const LANGUAGE_VERSION = 1

/** What params, stages, outputs and matrix keys may be called. */
export const NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_-]*$"

/** What environment variables may be called. */
const VARIABLE_PATTERN = "^[A-Za-z_][A-Za-z0-9_]*$"

const closed = { additionalProperties: false }

/** A value for the first attempt, the second, …; `cpu: 2` is by then `cpu: [2]`. */
const perAttempt = (schema: TSchema) => Type.Optional(Type.Array(schema, { minItems: 1 }))

/** Environment variables that hold secrets. */
const secrets = Type.Optional(
  Type.Array(Type.String({ pattern: VARIABLE_PATTERN }), {
    description: "Environment variables with secrets: handed on, masked everywhere, and no part of any key",
  }),
)

/** A list of maps, or an expression that gives one. */
const members = (description: string) =>
  Type.Unsafe({ type: ["array", "string"], description, items: { type: "object" } })

/** A rule's keys, with the given defaults; one for a single kind of failure has none. */
const retryRule = (defaults: { attempts?: number; delay?: string; longest?: string } = {}) => {
  const withDefault = <A>(value: A | undefined) => (value === undefined ? {} : { default: value })
  return {
    attempts: Type.Optional(
      Type.Integer({
        description: "Attempts in all",
        minimum: 1,
        maximum: 100,
        ...withDefault(defaults.attempts),
      }),
    ),
    delay: Type.Optional(
      Type.String({
        description: "Wait before the second attempt; doubled for each further one",
        format: "duration",
        ...withDefault(defaults.delay),
      }),
    ),
    longest: Type.Optional(
      Type.String({
        description: "The longest wait",
        format: "duration",
        ...withDefault(defaults.longest),
      }),
    ),
  }
}

/** What is said of one kind of failure: it takes the place of what is said of all. */
const retryOfKind = (description: string) => Type.Object(retryRule(), { ...closed, description })

/** A stage's settings once expressions are filled in; `retry: 3` is by then `retry: { attempts: 3 }`. */
export const stageSettings = Type.Object(
  {
    when: Type.Optional(
      Type.Boolean({ description: "Whether the stage is part of the pipeline; may use params and matrix" }),
    ),
    retry: Type.Optional(
      Type.Object(
        {
          ...retryRule({ attempts: 3, delay: "1s", longest: "60s" }),
          transient: Type.Optional(retryOfKind("What may pass: the network, a busy disk")),
          crash: Type.Optional(retryOfKind("The death of the stage's process")),
          timeout: Type.Optional(retryOfKind("An attempt that took longer than `timeout`")),
        },
        { ...closed, description: "How often a stage whose failure may pass is tried again" },
      ),
    ),
    timeout: Type.Optional(
      Type.String({ description: "How long an attempt may take: 90s, 30m, 1h30m", format: "duration" }),
    ),
    resources: Type.Optional(
      Type.Object(
        {
          cpu: perAttempt(Type.Number({ description: "Cores", exclusiveMinimum: 0 })),
          memory: perAttempt(Type.String({ description: "Main memory: 512MB, 4GB", format: "size" })),
          gpu: perAttempt(Type.Integer({ description: "Graphics processors", minimum: 0 })),
          network: perAttempt(Type.Integer({ description: "Shares of the network's pool", minimum: 0 })),
        },
        {
          additionalProperties: Type.Array(
            Type.Integer({
              minimum: 0,
              description: "Shares of a pool of one's own, which `pools` declares",
            }),
            { minItems: 1 },
          ),
          description: "What each attempt holds while it runs; the stage itself has defaults",
        },
      ),
    ),
    env: Type.Optional(
      Type.Unsafe({
        type: "object",
        propertyNames: { pattern: VARIABLE_PATTERN },
        additionalProperties: { type: ["string", "number", "boolean"] },
        description: "Environment variables that the stage gets; a change makes it run again",
      }),
    ),
    cache: Type.Optional(
      Type.Unsafe({
        enum: [true, false, "read-only"],
        description:
          "`false`: runs every time; `read-only`: takes results from the store, but leaves none there",
        default: true,
      }),
    ),
  },
  closed,
)

/** A stage's matrix once expressions are filled in. */
export const stageMatrix = Type.Object(
  {
    include: Type.Optional(members("Members to add, or values to add to members")),
    exclude: Type.Optional(members("Members to leave out")),
  },
  {
    additionalProperties: { type: ["array", "string"] },
    propertyNames: { pattern: NAME_PATTERN },
    description: "The stage runs once for each combination of the values of these lists",
  },
)

/** A stage as the document writes it: matrix and settings are checked once their expressions are filled in. */
export const stageShape = Type.Object(
  {
    description: Type.Optional(Type.String({ description: "One line for people" })),
    uses: Type.String({ description: "The stage to run, group/name, or a document whose stages run" }),
    with: Type.Optional(Type.Unsafe({ type: ["object", "null"], description: "The stage's input" })),
    needs: Type.Optional(
      Type.Unsafe({
        type: ["array", "string"],
        items: { type: "string" },
        description: "Stages that must come before although none of their outputs is used",
      }),
    ),
    matrix: Type.Optional(Type.Unsafe({ type: "object", propertyNames: { pattern: NAME_PATTERN } })),
    foreach: Type.Optional(
      Type.String({
        description:
          "A file of cases (.csv, .jsonl, .yaml, .json), relative to this one: the stage runs once for each",
      }),
    ),
    when: Type.Optional(Type.Unsafe({})),
    retry: Type.Optional(Type.Unsafe({})),
    timeout: Type.Optional(Type.Unsafe({})),
    resources: Type.Optional(Type.Unsafe({})),
    env: Type.Optional(Type.Unsafe({})),
    secrets,
    cache: Type.Optional(Type.Unsafe({})),
  },
  closed,
)

const named = { propertyNames: { pattern: NAME_PATTERN } }

/** A map of names. */
const section = (additionalProperties: object, description: string) =>
  Type.Optional(Type.Unsafe({ type: ["object", "null"], ...named, additionalProperties, description }))

const sections = {
  params: section(
    { type: "object" },
    "What can be set from outside: a JSON Schema for each; without a default it must be given",
  ),
  env: Type.Optional(
    Type.Unsafe({
      type: ["object", "null"],
      propertyNames: { pattern: VARIABLE_PATTERN },
      additionalProperties: Type.Object(
        {
          default: Type.Optional(Type.String({ description: "Its value where it isn't set" })),
          description: Type.Optional(Type.String({ description: "One line for people" })),
        },
        closed,
      ),
      description: "Environment variables that the document reads; one without a default must be set",
    }),
  ),
  secrets,
  pools: section(
    { type: "integer", minimum: 1 },
    "What there is of each pool that stages take shares of: licences, connections",
  ),
  outputs: section({ type: "string" }, "What the pipeline is run for: outputs of stages"),
}

/** What a profile changes: stages of which only some keys stand. */
export const profileShape = Type.Object(
  {
    ...sections,
    params: section({ type: ["object", "null"] }, "Params to change"),
    stages: section({ ...Type.Partial(stageShape, closed), type: ["object", "null"] }, "Stages to change"),
  },
  { ...closed, description: "Laid over the document when it is chosen" },
)

/** A document as it is written. A document that is imported may lack the version. */
export const documentShape = Type.Object(
  {
    version: Type.Literal(LANGUAGE_VERSION, { description: "The version of the pipeline language" }),
    name: Type.Optional(
      Type.String({
        description: "The pipeline's name; the file's name without it",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        maxLength: 100,
      }),
    ),
    description: Type.Optional(Type.String({ description: "What the pipeline is for" })),
    imports: Type.Optional(
      Type.Array(Type.String(), {
        description: "Files whose params, stages and outputs are part of this pipeline",
      }),
    ),
    ...sections,
    stages: section(stageShape, "What is done: stages by name"),
    profiles: section({ type: "object" }, "Changes to the document, each applied with --profile NAME"),
  },
  closed,
)
