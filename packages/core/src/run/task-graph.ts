import type { Task } from "../pipeline/index.ts"

/** Who waits for whom, by the tasks' places in the pipeline: every task comes after those it needs. */
export interface TaskGraph {
  readonly tasks: ReadonlyArray<Task>
  readonly needs: ReadonlyArray<ReadonlyArray<number>>
  readonly followers: ReadonlyArray<ReadonlyArray<number>>
}

/** The graph of tasks in an order in which every task comes after those it needs. */
export const makeTaskGraph = (tasks: ReadonlyArray<Task>): TaskGraph => {
  const places = new Map(tasks.map((task, place) => [task.id, place]))
  const followers: ReadonlyArray<Array<number>> = tasks.map(() => [])
  const needs = tasks.map((task, place) => {
    const found: Array<number> = []
    for (const id of new Set(task.needs)) {
      const need = places.get(id)
      if (need === undefined || need >= place) throw new Error(`${task.id} does not come after ${id}`)
      found.push(need)
      followers[need]?.push(place)
    }
    return found
  })
  return { tasks, needs, followers }
}

/**
 * The seconds from the start of each task to the end of the longest chain of tasks that begins with it: who has the
 * longest way before it starts first.
 */
export const longestWays = (
  { tasks, followers }: TaskGraph,
  secondsOf: (task: Task) => number,
): ReadonlyArray<number> => {
  const ways = new Array<number>(tasks.length).fill(0)
  for (let place = tasks.length - 1; place >= 0; place--) {
    const task = tasks[place]
    let rest = 0
    for (const follower of followers[place] ?? []) rest = Math.max(rest, ways[follower] ?? 0)
    ways[place] = rest + (task === undefined ? 0 : secondsOf(task))
  }
  return ways
}

/** Seconds by what earlier runs took; what is not known counts as their median. */
export const expectedSeconds = (known: Readonly<Record<string, number>>): ((task: Task) => number) => {
  const sorted = Object.values(known).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 1
  return (task) => known[task.key] ?? median
}
