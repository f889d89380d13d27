import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Schema } from "effect"
import type { Mask } from "./secrets.ts"

const fileOf = (folder: string): string => join(folder, "request.json")

/**
 * Keeps in a run's folder what was asked for, for who goes on with the run. What holds a secret is not kept at all: with
 * the secret it must not be, and without it, it would ask for something else. A run does not fail for want of it.
 */
export const writeRequest = (folder: string, request: Schema.Json, mask: Mask): void => {
  const text = JSON.stringify(request, null, 2)
  if (mask(text) !== text) return
  try {
    writeFileSync(fileOf(folder), `${text}\n`)
  } catch {
    // The store is read-only or full: then there is no going on, but running again.
  }
}

/** What was asked for when a run began; undefined where that was not kept. */
export const readRequest = (runs: string, run: string): Effect.Effect<unknown> =>
  Effect.sync(() => {
    try {
      return JSON.parse(readFileSync(fileOf(join(runs, run)), "utf8"))
    } catch {
      return undefined
    }
  })
