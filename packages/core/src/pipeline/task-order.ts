import type { Task } from "./pipeline.ts"

/** The tasks in an order in which each comes after those that it needs, and otherwise as they are given. */
export const inOrder = (tasks: ReadonlyArray<Task>): ReadonlyArray<Task> => {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const done = new Set<string>()
  const ordered: Array<Task> = []
  const isPending = (id: string) => byId.has(id) && !done.has(id)
  const add = (task: Task) => {
    done.add(task.id)
    ordered.push(task)
  }
  for (const task of tasks) {
    if (done.has(task.id)) continue
    if (!task.needs.some(isPending)) add(task)
    else addAfterNeeds(task, byId, done, add)
  }
  return ordered
}

/** Adds a task once all that it needs, and all that those need, is added. */
const addAfterNeeds = (
  first: Task,
  byId: ReadonlyMap<string, Task>,
  done: ReadonlySet<string>,
  add: (task: Task) => void,
): void => {
  const pending = [{ task: first, next: 0 }]
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const id = top.task.needs[top.next]
    top.next += 1
    const need = id === undefined || done.has(id) ? undefined : byId.get(id)
    if (need !== undefined) pending.push({ task: need, next: 0 })
    else if (id === undefined) {
      if (!done.has(top.task.id)) add(top.task)
      pending.pop()
    }
  }
}
