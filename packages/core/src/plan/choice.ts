import { Data, Effect } from "effect"
import { didYouMean } from "../document/index.ts"
import type { Pipeline, Task } from "../pipeline/index.ts"

/** What of a pipeline is to run: names of stages (`train`) or of single tasks (`train[seed=1]`). */
export interface Choosing {
  /** These run even when they are cached. */
  readonly force?: ReadonlySet<string>
  /** These and everything that comes after them run even when they are cached. */
  readonly from?: ReadonlySet<string>
  /** Only these and what they need take part. */
  readonly until?: ReadonlySet<string>
  /** Only these take part; what they need must be cached. */
  readonly only?: ReadonlySet<string>
  /** Ids of tasks that are done as `force` and `from` want it: the run that is continued had come so far. */
  readonly done?: ReadonlySet<string>
}

/** The tasks that take part in a run or plan. */
export interface Choice {
  /** In the pipeline's order. */
  readonly tasks: ReadonlyArray<Task>
  /** Ids of tasks that run even when they are cached. */
  readonly forced: ReadonlySet<string>
  /** Ids of tasks that are taken from the store or not at all. */
  readonly onlyCached: ReadonlySet<string>
}

/** A name that was asked for is no stage and no task of the pipeline. */
export class UnknownStage extends Data.TaggedError("UnknownStage")<{
  readonly message: string
  readonly hint: string | undefined
}> {}

/** What a chosen task needs is not in the store, and may not be computed. */
export class NeedNotCached extends Data.TaggedError("NeedNotCached")<{
  readonly message: string
  readonly hint: string
}> {}

const isNamed = (task: Task, names: ReadonlySet<string>): boolean => names.has(task.id) || names.has(task.key)

const checkNames = (pipeline: Pipeline, names: ReadonlySet<string>): Effect.Effect<void, UnknownStage> => {
  if (names.size === 0) return Effect.void
  const known = new Set(pipeline.tasks.flatMap((task) => [task.key, task.id]))
  for (const name of names) {
    if (known.has(name)) continue
    const message = `the pipeline ${pipeline.name} has no stage or task \`${name}\``
    return Effect.fail(new UnknownStage({ message, hint: didYouMean(name, known) }))
  }
  return Effect.void
}

/** The ids of the named tasks and of all that they need. */
const withNeeds = (tasks: ReadonlyArray<Task>, names: ReadonlySet<string>): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const task of tasks.toReversed()) {
    if (!isNamed(task, names) && !found.has(task.id)) continue
    found.add(task.id)
    for (const need of task.needs) found.add(need)
  }
  return found
}

/** The ids of the named tasks and of all that come after them. */
const withFollowers = (tasks: ReadonlyArray<Task>, names: ReadonlySet<string>): Set<string> => {
  const found = new Set<string>()
  if (names.size === 0) return found
  for (const task of tasks) {
    if (isNamed(task, names) || task.needs.some((need) => found.has(need))) found.add(task.id)
  }
  return found
}

const none: ReadonlySet<string> = new Set()

/** The tasks that take part, and how. */
export const chooseTasks = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  { force = none, from = none, until = none, only = none, done = none }: Choosing,
): Effect.fn.Return<Choice, UnknownStage> {
  for (const names of [force, from, until, only]) yield* checkNames(pipeline, names)
  const forced = withFollowers(pipeline.tasks, from)
  for (const task of pipeline.tasks) if (isNamed(task, force)) forced.add(task.id)
  for (const id of done) forced.delete(id)
  const wanted = new Set([...until, ...only])
  if (wanted.size === 0) return { tasks: pipeline.tasks, forced, onlyCached: none }
  const part = withNeeds(pipeline.tasks, wanted)
  const tasks = pipeline.tasks.filter(({ id }) => part.has(id))
  const computable = until.size === 0 ? none : withNeeds(tasks, until)
  const onlyCached =
    only.size === 0 ? [] : tasks.filter((task) => !isNamed(task, only) && !computable.has(task.id))
  return { tasks, forced, onlyCached: new Set(onlyCached.map(({ id }) => id)) }
})
