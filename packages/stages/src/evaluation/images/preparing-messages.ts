import type { Preprocessing } from "../../images/index.ts"

/** What a thread that prepares images is begun with. */
export interface PreparingWork {
  readonly how: Preprocessing
  /** Not 0 when what is still to be done is no longer wanted. */
  readonly stopped: Int32Array<SharedArrayBuffer>
}

/** An image to prepare. */
export interface PreparingTask {
  readonly id: number
  readonly image: Uint8Array
}

/** Its pixels, or why there are none. */
export type PreparedImage =
  | { readonly id: number; readonly pixels: Float32Array<ArrayBuffer> }
  | { readonly id: number; readonly problem: string }

/** What ends the thread once it has done what it was given. */
export const CLOSE = "close"
