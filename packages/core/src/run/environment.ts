import type { Task } from "../pipeline/index.ts"

/**
 * The environment variables that a task may read: those that it was given, its secrets, and what every program needs.
 *
 * @param common what every program needs
 * @param ours all that there are
 */
export const environmentOf = (
  { environment, secrets }: Pick<Task, "environment" | "secrets">,
  gpus: ReadonlyArray<number>,
  common: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> => {
  const passed: Record<string, string> = { ...common }
  for (const name of secrets) {
    const value = ours[name]
    if (value !== undefined) passed[name] = value
  }
  if (gpus.length > 0) passed.CUDA_VISIBLE_DEVICES = gpus.join(",")
  return { ...passed, ...environment }
}
