import type { Json } from "@diva-pipeline/core"
import { Option, Schema } from "effect"
import type { RunCommandOptions } from "./run.ts"

/** Raised when what older programs have kept can no longer be gone on with. */
const VERSION = 1

const Texts = Schema.Array(Schema.String)
const Pairs = Schema.Record(Schema.String, Schema.String)

/** What `run` was asked for, as it is kept with the run for `resume`. Secrets are no part of it. */
const RunRequest = Schema.Struct({
  version: Schema.Literal(VERSION),
  /** The working folder: what all paths are relative to. */
  folder: Schema.String,
  document: Schema.String,
  param: Pairs,
  params: Texts,
  profile: Texts,
  overlay: Texts,
  force: Texts,
  from: Texts,
  until: Texts,
  only: Texts,
  backend: Schema.String,
  resource: Pairs,
  failFast: Schema.Boolean,
  results: Schema.String,
})
export type RunRequest = typeof RunRequest.Type

const decode = Schema.decodeUnknownOption(RunRequest)

/** What was kept with a run, where it can be gone on with. */
export const parseRequest = (kept: unknown): RunRequest | undefined => Option.getOrUndefined(decode(kept))

/** What is kept with a run. */
export const requestOf = (options: RunCommandOptions): Json => {
  const { document, param, params, profile, overlay, force, from, until, only } = options
  const { backend, resource, failFast, results } = options
  const request: RunRequest = {
    version: VERSION,
    folder: process.cwd(),
    document,
    param,
    params,
    profile,
    overlay,
    force,
    from,
    until,
    only,
    backend,
    resource,
    failFast,
    results,
  }
  return request
}
