import type { Task } from "../pipeline/index.ts"
import { commonEnvironment } from "../stage/index.ts"

/** The environment variables that a task may read: those that it was given, its secrets, and what every program needs. */
export const environmentOf = (
  { environment, secrets }: Pick<Task, "environment" | "secrets">,
  gpus: ReadonlyArray<number>,
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> => {
  const passed: Record<string, string> = { ...commonEnvironment(ours) }
  for (const name of secrets) {
    const value = ours[name]
    if (value !== undefined) passed[name] = value
  }
  if (gpus.length > 0) passed.CUDA_VISIBLE_DEVICES = gpus.join(",")
  return { ...passed, ...environment }
}
