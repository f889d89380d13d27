import fc from "fast-check"
import { expect, test } from "vitest"
import { stringify } from "yaml"
import { pipelineOf } from "../pipeline/fixture.ts"
import type { Json, OutputReference } from "../pipeline/index.ts"
import { sha256 } from "../store/index.ts"
import { sortedText, turned } from "./fixtures/json-forms.ts"
import { keyOfTask } from "./key.ts"

const context = { sourceDigest: () => "", environment: () => "" }

/** What a document says, in whatever way. */
interface Said {
  readonly seed: number
  readonly sizes: ReadonlyArray<number>
  readonly rate: number
  readonly title: string
}

/** How it is said. */
interface Manner {
  readonly names: Readonly<Record<"scenes" | "weights" | "train" | "report", string>>
  readonly settings: Readonly<Record<string, Json>>
  readonly isTurned: boolean
  readonly form: "flow" | "block" | "quoted" | "spelt out"
}

const said: fc.Arbitrary<Said> = fc.record({
  seed: fc.nat(3),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
  rate: fc.constantFrom(0.1, 0.25, 0.5),
  title: fc.constantFrom("A", "a: b", "1", "true", "two\nlines", "ü"),
})
const stageName = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/)
const manner: fc.Arbitrary<Manner> = fc.record({
  names: fc
    .uniqueArray(stageName, { minLength: 4, maxLength: 4 })
    .map(([scenes = "", weights = "", train = "", report = ""]) => ({ scenes, weights, train, report })),
  settings: fc.record(
    {
      retry: fc.constantFrom<Json>(1, 5, { attempts: 2, crash: 1 }),
      timeout: fc.constantFrom("10s", "2h"),
      resources: fc.constantFrom<Json>({ cpu: 2 }, { cpu: 1, memory: ["1GB", "4GB"], gpu: 1, network: 1 }),
      description: fc.constantFrom("This", "or that"),
      cache: fc.constantFrom<Json>(true, false, "read-only"),
      secrets: fc.constant<Json>(["MY_TOKEN"]),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  isTurned: fc.boolean(),
  form: fc.constantFrom("flow", "block", "quoted", "spelt out"),
})

const documentOf = ({ seed, sizes, rate, title }: Said, { names, settings, isTurned }: Manner): Json => {
  const { scenes, weights, train, report } = names
  const stages = {
    [scenes]: { uses: "dataset/scenes", with: { seed, sizes }, ...settings },
    [weights]: { uses: "weights/fetch", with: { name: "clip" }, ...settings },
    [train]: {
      uses: "train/diva",
      with: {
        model: `\${{ stages.${weights}.outputs.weights }}`,
        images: `\${{stages.${scenes}.outputs.shards}}`,
        "learning-rate": rate,
      },
      ...settings,
    },
    [report]: {
      uses: "report/summary",
      with: { models: [`\${{ stages.${train}.outputs.model }}`], options: { title } },
      ...settings,
    },
  }
  const document = { version: 1, name: "any", stages }
  return isTurned ? turned(document) : document
}

const textOf = (document: Json, form: Manner["form"]): string => {
  switch (form) {
    case "flow":
      return JSON.stringify(document)
    case "block":
      return `# with a comment\n${stringify(document, { indent: 4 })}\n\n`
    case "quoted":
      return stringify(document, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_SINGLE" })
    case "spelt out":
      return JSON.stringify(document, null, "  ").replaceAll("\n", "\r\n")
  }
}

/** The keys of all tasks, by stage, as they are when each output's content follows from its task's key. */
const keysOf = async (what: Said, how: Manner): Promise<Readonly<Record<string, string>>> => {
  const { tasks } = await pipelineOf(textOf(documentOf(what, how), how.form), {}, { environment })
  const keys = new Map<string, string>()
  for (const one of tasks) {
    const outputDigest = ({ task, output }: OutputReference) => sha256(`${keys.get(task)} ${output}`)
    keys.set(one.id, keyOfTask(one, { ...context, outputDigest }).key)
  }
  return Object.fromEntries(tasks.map(({ id, stage }) => [stage.name, keys.get(id) ?? ""]))
}
const environment = { MY_TOKEN: "hush" }
const plain: Manner = {
  names: { scenes: "scenes", weights: "weights", train: "train", report: "report" },
  settings: {},
  isTurned: false,
  form: "flow",
}

test("keys of a document's tasks depend on what it says, and not on how", async () => {
  await fc.assert(
    fc.asyncProperty(said, said, manner, async (what, other, how) => {
      const keys = await keysOf(what, plain)
      expect(await keysOf(what, how)).toEqual(keys)
      const others = await keysOf(other, how)
      const sameScenes = what.seed === other.seed && sortedText(what.sizes) === sortedText(other.sizes)
      const sameTraining = sameScenes && what.rate === other.rate
      expect(others["dataset/scenes"] === keys["dataset/scenes"]).toBe(sameScenes)
      expect(others["weights/fetch"]).toBe(keys["weights/fetch"])
      expect(others["train/diva"] === keys["train/diva"]).toBe(sameTraining)
      expect(others["report/summary"] === keys["report/summary"]).toBe(
        sameTraining && what.title === other.title,
      )
    }),
    { numRuns: 40 },
  )
})
