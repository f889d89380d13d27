import { type Cause, Effect, Exit, type Fiber, FiberSet } from "effect"
import type { OutputReference, Task } from "../pipeline/index.ts"
import {
  decide,
  hasUnknownSource,
  keyOfTask,
  learnSources,
  readLastTime,
  reasonText,
  settleResult,
  type TaskKey,
} from "../plan/index.ts"
import { type Found, type KeyRecord, Store } from "../store/index.ts"
import { failureOf, reportFailure } from "./failure.ts"
import { makeBell, Queue } from "./queue.ts"
import type { ResourceRequest } from "./resource-pool.ts"
import type { RunContext } from "./run-context.ts"
import { expectedSeconds, longestWays, makeTaskGraph, type TaskGraph } from "./task-graph.ts"
import { resourcesOf, runTask, type TaskEnd, type TaskRun } from "./task-run.ts"

/** How the tasks of a run ended. */
export interface TasksEnd {
  /** Of the tasks that are done, by their ids. */
  readonly records: ReadonlyMap<string, KeyRecord>
  /** By the stage's key in the document: seconds of attempts that succeeded. */
  readonly seconds: ReadonlyMap<string, number>
  /** Whether a task was not begun, or cancelled, because the run was to end. */
  readonly isCut: boolean
}

/** After so many tasks others get a turn. */
const TURN = 500
/** How many tasks' files are looked at side by side. */
const LOOKERS = 4

interface Running {
  readonly run: TaskRun
  /** Absent while it begins. */
  fiber?: Fiber.Fiber<void>
}

/**
 * Brings the tasks of a run to their ends. All that can be settled by looking, which may be very much, is settled in plain
 * code by one fiber; only a task that must be computed gets a fiber of its own, when it holds what it needs.
 */
export class Scheduler implements TasksEnd {
  readonly records = new Map<string, KeyRecord>()
  readonly seconds = new Map<string, number>()
  readonly #bell = makeBell()
  readonly #context: RunContext
  readonly #graph: TaskGraph
  readonly #ways: ReadonlyArray<number>
  /** How many needs of each task are not settled. */
  readonly #open: Array<number>
  readonly #settled: Array<boolean>
  /** Tasks whose needs are settled, but for those that the walk through the pipeline has yet to reach. */
  readonly #free = new Queue<number>()
  readonly #toLookAt = new Queue<number>()
  /** Told to the pool together: of all that are ready, those with the longest way are to start first. */
  #wants: Array<ResourceRequest> = []
  readonly #toStart = new Queue<TaskRun>()
  readonly #ended = new Queue<readonly [place: number, run: TaskRun, end: TaskEnd]>()
  readonly #running = new Map<number, Running>()
  /** Of several tasks with one key, one computes it: the others wait here. */
  readonly #computing = new Map<string, Array<number>>()
  readonly #computed = new Map<string, KeyRecord>()
  /** Keys of tasks whose artefacts were touched, and what was found in them. */
  readonly #doubts = new Map<number, string>()
  readonly #settledDoubts = new Map<string, Found | undefined>()
  #walked = -1
  /** Tasks whose files are to be looked at, or just are. */
  #looking = 0
  #lookers = 0
  /** Tasks that hold or want resources. */
  #active = 0
  #isStopping = false
  #mistake: Cause.Cause<never> | undefined
  isCut = false

  constructor(context: RunContext) {
    const { tasks } = context.choice
    const known = readLastTime(context.store.root, context.pipeline.name).seconds
    this.#context = context
    this.#graph = makeTaskGraph(tasks)
    this.#ways = longestWays(this.#graph, expectedSeconds(known))
    this.#open = this.#graph.needs.map((needs) => needs.length)
    this.#settled = tasks.map(() => false)
  }

  /** Runs until every task is settled, or the run is to end and nothing runs any more. */
  readonly run = Effect.gen({ self: this }, function* () {
    const fibers = yield* FiberSet.make<void>()
    for (this.#walked = 0; this.#walked < this.#graph.tasks.length; this.#walked++) {
      if (this.#isStopping) break
      if (this.#walked % TURN === TURN - 1) yield* this.#turn(fibers)
      if (this.#open[this.#walked] === 0) this.#look(this.#walked)
    }
    this.#walked = this.#graph.tasks.length
    for (;;) {
      yield* this.#turn(fibers)
      const isIdle = this.#active === 0 && this.#looking === 0
      if (isIdle && this.#free.isEmpty && this.#ended.isEmpty) break
      yield* this.#bell.sleep
    }
    this.#context.flush()
    if (this.#mistake !== undefined) return yield* Effect.failCause(this.#mistake)
  })

  /** Nothing new is begun from now on; what only waits to be tried again ends at once. */
  stop(): void {
    this.#isStopping = true
    for (const { run, fiber } of this.#running.values()) if (run.held === undefined) fiber?.interruptUnsafe()
    this.#bell.ring()
  }

  /** Cancels what runs. */
  cancel(): void {
    this.stop()
    for (const { fiber } of this.#running.values()) fiber?.interruptUnsafe()
  }

  /** Tells of the tasks that have not told of their end, when nothing runs any more. */
  tellUnsettled(): void {
    for (const [place, task] of this.#graph.tasks.entries()) {
      if (this.#settled[place]) continue
      this.isCut = true
      if (this.#running.get(place)?.run.end !== undefined) continue
      this.#context.emit({ _tag: "TaskCancelled", task: task.id })
    }
  }

  /** Settles what can be settled, starts what can be started, and lets others have their turn. */
  readonly #turn = Effect.fnUntraced({ self: this }, function* (fibers: FiberSet.FiberSet<void>) {
    let count = 0
    for (let ended = this.#ended.take(); ended !== undefined; ended = this.#ended.take()) this.#end(...ended)
    for (let place = this.#free.take(); place !== undefined; place = this.#free.take()) {
      this.#look(place)
      if (++count % TURN === 0) yield* Effect.yieldNow
    }
    if (this.#isStopping) this.#dropStarts()
    this.#context.resources.request(this.#wants.splice(0))
    for (let run = this.#toStart.take(); run !== undefined; run = this.#toStart.take()) {
      yield* this.#start(fibers, run)
    }
    while (this.#lookers < Math.min(LOOKERS, this.#looking)) {
      this.#lookers += 1
      yield* FiberSet.run(fibers, this.#lookAtFiles)
    }
    this.#context.flush()
    yield* Effect.yieldNow
  })

  /** Decides about a task whose needs are settled. */
  #look(place: number): void {
    const task = this.#graph.tasks[place]
    if (task === undefined || this.#isStopping) return
    if (this.#graph.needs[place]?.some((need) => !this.#isDone(need))) this.#block(place, task)
    else if (!hasUnknownSource(task, this.#context.facts)) this.#decide(place, task)
    else this.#lookLater(place)
  }

  #lookLater(place: number): void {
    this.#looking += 1
    this.#toLookAt.add(place)
  }

  #isDone(place: number): boolean {
    const task = this.#graph.tasks[place]
    return task !== undefined && this.records.has(task.id)
  }

  #block(place: number, task: Task): void {
    const by = task.needs.filter((id) => !this.records.has(id))
    this.#context.emit({ _tag: "TaskBlocked", task: task.id, by })
    this.#settle(place)
  }

  readonly #outputDigest = ({ task, output }: OutputReference): string =>
    this.records.get(task)?.outputs[output] ?? ""

  #decide(place: number, task: Task): void {
    const { facts } = this.#context
    const key = keyOfTask(task, { ...facts, outputDigest: this.#outputDigest })
    const computed = this.#computed.get(key.key)
    const others = this.#computing.get(key.key)
    if (computed !== undefined) this.#found(place, task, computed)
    else if (others !== undefined) others.push(place)
    else this.#findOrWant(place, task, key)
  }

  #findOrWant(place: number, task: Task, key: TaskKey): void {
    const { store, choice, lastKey } = this.#context
    const settled = this.#settledDoubts
    const decision = decide({ store, settled, forced: choice.forced, lastKey }, task, key)
    if (decision._tag === "doubtful") {
      this.#doubts.set(place, key.key)
      this.#lookLater(place)
      return
    }
    if (decision._tag === "cached") {
      this.#found(place, task, decision.record)
      return
    }
    this.#computing.set(key.key, [])
    this.#want({
      context: this.#context,
      task,
      key,
      reason: reasonText(decision.reasons),
      always: task.cache === "off" || choice.forced.has(task.id),
      priority: this.#ways[place] ?? 0,
      order: place,
      outputDigest: this.#outputDigest,
      findRecord: (id) => this.records.get(id),
      isStopping: () => this.#isStopping,
      held: undefined,
      attempts: 0,
      begun: undefined,
      seconds: 0,
      end: undefined,
    })
  }

  #found(place: number, task: Task, record: KeyRecord): void {
    this.#context.emitCached(task, record)
    this.records.set(task.id, record)
    this.#settle(place)
  }

  #settle(place: number): void {
    this.#settled[place] = true
    for (const follower of this.#graph.followers[place] ?? []) {
      const open = (this.#open[follower] ?? 0) - 1
      this.#open[follower] = open
      // The walk comes to the others by itself.
      if (open === 0 && follower <= this.#walked) this.#free.add(follower)
    }
  }

  #want(run: TaskRun): void {
    this.#active += 1
    const { task, priority, order } = run
    this.#wants.push({
      need: resourcesOf(task, 1),
      priority,
      order,
      start: (held) => {
        run.held = held
        this.#toStart.add(run)
        this.#bell.ring()
      },
    })
  }

  readonly #start = Effect.fnUntraced(
    { self: this },
    function* (fibers: FiberSet.FiberSet<void>, run: TaskRun) {
      const place = run.order
      const work = Effect.onExit(runTask(run), (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit) && Exit.hasDies(exit)) this.#break(exit.cause)
          const end = Exit.isSuccess(exit) ? exit.value : (run.end ?? "cancelled")
          // At once: others that hold what they need are about to begin.
          if (end === "failed" && this.#context.options.failFast) this.#isStopping = true
          this.#ended.add([place, run, end])
          this.#bell.ring()
        }),
      )
      const running: Running = { run }
      this.#running.set(place, running)
      running.fiber = yield* FiberSet.run(fibers, Effect.asVoid(work))
    },
  )

  /** A mistake of the engine's own: nobody knows what else is wrong, so all ends. */
  #break(cause: Cause.Cause<never>): void {
    this.#mistake ??= cause
    this.cancel()
  }

  #end(place: number, run: TaskRun, end: TaskEnd): void {
    this.#active -= 1
    this.#running.delete(place)
    if (end === "cancelled") this.isCut = true
    if (typeof end === "object") {
      this.records.set(run.task.id, end)
      this.#computed.set(run.key.key, end)
      if (run.attempts > 0) this.#learn(run)
    }
    this.#settle(place)
    const others = this.#computing.get(run.key.key) ?? []
    this.#computing.delete(run.key.key)
    for (const other of others) this.#free.add(other)
    if (end === "failed" && this.#context.options.failFast) this.cancel()
  }

  /** What it took counts half, and what it took before the other half. */
  #learn({ task, seconds }: TaskRun): void {
    const before = this.seconds.get(task.key)
    this.seconds.set(task.key, before === undefined ? seconds : (before + seconds) / 2)
  }

  /** Those that hold or want resources but have not begun never will. */
  #dropStarts(): void {
    this.#wants = []
    for (let run = this.#toStart.take(); run !== undefined; run = this.#toStart.take()) run.held = undefined
    this.#active = this.#running.size
  }

  /** Looks at the files of tasks, which takes time, and then lets them be decided. */
  readonly #lookAtFiles = Effect.suspend(() => this.#lookAtAll()).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        this.#lookers -= 1
      }),
    ),
  )

  readonly #lookAtAll = Effect.fnUntraced({ self: this }, function* () {
    for (let place = this.#toLookAt.take(); place !== undefined; place = this.#toLookAt.take()) {
      const task = this.#graph.tasks[place]
      const doubt = this.#doubts.get(place)
      if (task !== undefined && !this.#isStopping) {
        yield* doubt === undefined ? this.#lookAtSources(place, task) : this.#endDoubt(place, task, doubt)
      }
      this.#looking -= 1
      this.#bell.ring()
    }
  })

  readonly #endDoubt = (place: number, task: Task, key: string): Effect.Effect<void> =>
    Effect.map(settleResult(this.#context.store, task, key), (found) => {
      this.#doubts.delete(place)
      this.#settledDoubts.set(key, found)
      this.#free.add(place)
    })

  readonly #lookAtSources = (place: number, task: Task): Effect.Effect<void> =>
    learnSources(task, this.#context.facts).pipe(
      Effect.provideService(Store, this.#context.store),
      Effect.match({
        onSuccess: () => this.#free.add(place),
        onFailure: (error) => {
          const failure = reportFailure(task, failureOf(error), undefined)
          this.#context.emit({ _tag: "TaskFailed", task: task.id, attempts: 0, seconds: 0, failure })
          this.#settle(place)
          if (this.#context.options.failFast) this.cancel()
        },
      }),
    )
}
