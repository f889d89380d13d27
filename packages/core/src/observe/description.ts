import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { arch, cpus, platform, release, totalmem } from "node:os"
import { dirname } from "node:path"
import type { RunDescribed, UntimedEvent } from "./event.ts"
import { readCheckout } from "./git.ts"

/** This machine, as far as results and times may depend on it. Its name is nobody's business. */
const describeMachine = (): RunDescribed["machine"] => {
  const processors = cpus()
  return {
    system: `${platform()} ${release()} ${arch()}`,
    processor: processors[0]?.model.trim() ?? "",
    cores: processors.length,
    memory: totalmem(),
  }
}

/** The documents that are there, with the SHA-256 of their bytes. */
export const digestDocuments = (files: ReadonlyArray<string>): RunDescribed["documents"] =>
  files.flatMap((file) => {
    try {
      return [{ file, digest: createHash("sha256").update(readFileSync(file)).digest("hex") }]
    } catch {
      // A pipeline may be made by a program: then there is no such file.
      return []
    }
  })

/** What a run is made of: reads a few small files, and starts nothing. */
export const describeRun = (
  params: RunDescribed["params"],
  documents: ReadonlyArray<string>,
): UntimedEvent => {
  const checkout = readCheckout(dirname(documents[0] ?? "."))
  return {
    _tag: "RunDescribed",
    params,
    documents: digestDocuments(documents),
    machine: describeMachine(),
    ...(checkout !== undefined && { git: checkout }),
  }
}
