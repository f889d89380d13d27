import { Data } from "effect"

/** The native backend can't be had here; everything still works on the wasm backend, more slowly. */
export class BackendUnavailable extends Data.TaggedError("BackendUnavailable")<{
  readonly message: string
}> {}
