import type { Task } from "../pipeline/index.ts"

/** What every program needs to find others, its user and its language. */
const ALWAYS_PASSED = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ"]

/** The environment variables that a task may read: those that it was given, its secrets, and what every program needs. */
export const environmentOf = (
  { environment, secrets }: Pick<Task, "environment" | "secrets">,
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> => {
  const passed = [...ALWAYS_PASSED, ...secrets].flatMap((name) => {
    const value = ours[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(passed), ...environment }
}
