import type { Task } from "./pipeline.ts"

/** The tasks in an order in which each comes after those that it needs, and otherwise as they are given. */
export const inOrder = (tasks: ReadonlyArray<Task>): ReadonlyArray<Task> => {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const ordered = new Set<Task>()
  for (const task of tasks) {
    if (ordered.has(task)) continue
    const pending = [{ task, next: 0 }]
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      const id = top.task.needs[top.next]
      top.next += 1
      const need = id === undefined ? undefined : byId.get(id)
      if (need !== undefined && !ordered.has(need)) pending.push({ task: need, next: 0 })
      else if (id === undefined) {
        ordered.add(top.task)
        pending.pop()
      }
    }
  }
  return [...ordered]
}
