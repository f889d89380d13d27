import type { Attribute } from "../node-backend.ts"

/** A tensor that a graph is given each time that it runs. */
export interface Placeholder {
  readonly name: string
  readonly dtype: number
  readonly shape: ReadonlyArray<number>
}

/** A tensor that is always the same. */
export interface Constant extends Placeholder {
  readonly values: ArrayBufferView
}

/** One of TensorFlow's operations, whose inputs are named `node`, or `node:output` where it isn't the first output. */
export interface Operation {
  readonly name: string
  readonly operation: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly inputs: ReadonlyArray<string>
}

/** A computation as TensorFlow runs it as a whole. */
export interface Graph {
  readonly placeholders: ReadonlyArray<Placeholder>
  readonly constants: ReadonlyArray<Constant>
  readonly operations: ReadonlyArray<Operation>
}
