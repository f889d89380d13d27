import type * as tf from "@tensorflow/tfjs-core"
import {
  ATTRIBUTE,
  type Attribute,
  type HeldTensor,
  type NodeBackend,
  type OperationInput,
} from "../node-backend.ts"
import type { Constant, Graph, Operation, Placeholder } from "./graph.ts"

/** TensorFlow's number of 64-bit integers. */
const INT64 = 9

/** What a computation did. */
export interface Recording {
  readonly graph: Graph
  /** How many tensors were computed; the graph calls them `o0`, `o1`, … */
  readonly outputs: number
  /** Tensors that were there before and are no inputs, by the names of their placeholders. */
  readonly captured: ReadonlyMap<string, number>
}

/** The methods of the backend through which every operation goes. */
type Watched = Pick<
  NodeBackend,
  "executeSingleOutput" | "executeMultipleOutputs" | "getInputTensorIds" | "write"
>

/**
 * Runs a computation, and writes down each of TensorFlow's operations that it consists of. What it computes is disposed of.
 *
 * @param inputs what the placeholders `i0`, `i1`, … stand for; tensors that the computation makes of plain numbers are
 *   constants of the graph
 */
export const record = (
  backend: NodeBackend,
  inputs: ReadonlyArray<tf.Tensor>,
  compute: () => ReadonlyArray<tf.Tensor>,
): Recording => {
  const recorder = new Recorder(backend, inputs)
  const { executeSingleOutput, executeMultipleOutputs, getInputTensorIds, write } = backend
  Object.assign(backend, recorder.methods())
  try {
    const computed = compute()
    const recording = recorder.finish(computed)
    for (const tensor of computed) tensor.dispose()
    return recording
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs, getInputTensorIds, write })
  }
}

class Recorder {
  readonly #backend: NodeBackend
  readonly #plain: Pick<NodeBackend, "getInputTensorIds" | "write">
  /** What the graph calls a tensor, by its number. */
  readonly #names = new Map<number, string>()
  /** Tensors that were made of plain numbers meanwhile. */
  readonly #made = new WeakSet<object>()
  readonly #placeholders: Array<Placeholder> = []
  readonly #constants: Array<Constant> = []
  readonly #operations: Array<Operation> = []
  readonly #captured = new Map<string, number>()

  constructor(backend: NodeBackend, inputs: ReadonlyArray<tf.Tensor>) {
    this.#backend = backend
    this.#plain = {
      getInputTensorIds: backend.getInputTensorIds.bind(backend),
      write: backend.write.bind(backend),
    }
    const ids = backend.getInputTensorIds(inputs)
    if (new Set(ids).size < ids.length) throw new Error("two inputs of a recorded computation are one tensor")
    inputs.forEach((input, index) => {
      this.#place(`i${index}`, input, ids[index] ?? 0)
    })
  }

  methods(): Watched {
    const execute = (
      operation: string,
      attributes: Array<Attribute>,
      inputs: Array<OperationInput>,
      outputs: number,
    ): Array<tf.Tensor> => {
      const ids = this.#idsOf(inputs)
      const held = this.#backend.binding.executeOp(operation, attributes, ids, outputs)
      this.#note(operation, this.#allAttributes(operation, attributes, inputs), ids, held)
      return held.map((one) => this.#backend.createOutputTensor(one))
    }
    return {
      executeMultipleOutputs: execute,
      executeSingleOutput: (operation, attributes, inputs) => {
        const [output] = execute(operation, attributes, inputs, 1)
        if (output === undefined) throw new Error(`${operation} gives nothing`)
        return output
      },
      getInputTensorIds: (inputs) => this.#idsOf(inputs),
      write: (values, shape, dtype) => {
        const dataId = this.#plain.write(values, shape, dtype)
        this.#made.add(dataId)
        return dataId
      },
    }
  }

  finish(computed: ReadonlyArray<tf.Tensor>): Recording {
    // A graph can't give the same tensor twice, nor one that it was given.
    const outputs = this.#idsOf(computed).map((id, index): Operation => {
      const tensor = computed[index]
      const attributes =
        tensor === undefined ? [] : [{ name: "T", type: ATTRIBUTE.type, value: this.#dtypeOf(tensor) }]
      return { name: `o${index}`, operation: "Identity", attributes, inputs: [this.#names.get(id) ?? ""] }
    })
    const graph = {
      placeholders: this.#placeholders,
      constants: this.#constants,
      operations: [...inOrder(neededFor(outputs, this.#operations)), ...outputs],
    }
    return { graph, outputs: outputs.length, captured: this.#captured }
  }

  /** The numbers of some inputs; from here on each has a name. */
  #idsOf(inputs: ReadonlyArray<OperationInput>): Array<number> {
    const values = inputs.map((input) => this.#valuesOf(input))
    const ids = this.#plain.getInputTensorIds(inputs)
    inputs.forEach((input, index) => {
      const [id = 0, plain] = [ids[index], values[index]]
      if (this.#names.has(id)) return
      if (plain === undefined) this.#capture(input, id)
      else this.#keep(input, id, plain)
    })
    return ids
  }

  /** The numbers that an input was made of during the computation, if it was and TensorFlow hasn't got them yet. */
  #valuesOf(input: OperationInput): ArrayBufferView | undefined {
    if ("valueArray" in input) return input.valueArray
    if (!this.#made.has(input.dataId)) return undefined
    return this.#backend.tensorMap.get(input.dataId).values ?? undefined
  }

  #keep(input: OperationInput, id: number, values: ArrayBufferView): void {
    const name = `c${this.#constants.length}`
    this.#names.set(id, name)
    const scalar = "valueArray" in input
    const [dtype, shape] = scalar ? [INT64, []] : [this.#dtypeOf(input), input.shape]
    this.#constants.push({ name, dtype, shape, values })
  }

  #capture(input: OperationInput, id: number): void {
    if ("valueArray" in input) return
    const name = `k${this.#captured.size}`
    this.#captured.set(name, id)
    this.#place(name, input, id)
  }

  #place(name: string, input: tf.TensorInfo, id: number): void {
    this.#names.set(id, name)
    this.#placeholders.push({ name, dtype: this.#dtypeOf(input), shape: input.shape })
  }

  #dtypeOf(input: tf.TensorInfo): number {
    return this.#backend.tensorMap.get(input.dataId).dtype
  }

  /** With what TensorFlow finds out by itself where an operation runs alone: TensorFlow.js leaves it out of this one. */
  #allAttributes(
    operation: string,
    attributes: ReadonlyArray<Attribute>,
    [first]: ReadonlyArray<OperationInput>,
  ): ReadonlyArray<Attribute> {
    if (operation !== "ExpandDims" || first === undefined || "valueArray" in first) return attributes
    return [...attributes, { name: "T", type: ATTRIBUTE.type, value: this.#dtypeOf(first) }]
  }

  #note(
    operation: string,
    attributes: ReadonlyArray<Attribute>,
    ids: ReadonlyArray<number>,
    held: ReadonlyArray<HeldTensor>,
  ): void {
    const name = `n${this.#operations.length}`
    const inputs = ids.map((id) => this.#names.get(id) ?? "")
    this.#operations.push({ name, operation, attributes, inputs })
    held.forEach(({ id }, output) => {
      this.#names.set(id, output === 0 ? name : `${name}:${output}`)
    })
  }
}

/** Those operations on which the outputs depend. */
const neededFor = (
  outputs: ReadonlyArray<Operation>,
  operations: ReadonlyArray<Operation>,
): ReadonlyArray<Operation> => {
  const needed = new Set(outputs.flatMap(({ inputs }) => inputs.map(nodeOf)))
  const found = operations.toReversed().filter(({ name, inputs }) => {
    if (!needed.has(name)) return false
    for (const input of inputs) needed.add(nodeOf(input))
    return true
  })
  return found.reverse()
}

/** How many operations may run ahead of the oldest one that isn't done. */
const AHEAD = 16

/**
 * Nearly the order in which the operations were recorded. TensorFlow would begin whatever can be begun, and so fill the
 * memory with what is needed much later only.
 */
const inOrder = (operations: ReadonlyArray<Operation>): ReadonlyArray<Operation> =>
  operations.map((operation, index) => {
    const before = operations[index - AHEAD]
    return before === undefined
      ? operation
      : { ...operation, inputs: [...operation.inputs, `^${before.name}`] }
  })

/** The node that has an output of that name. */
const nodeOf = (output: string): string => output.replace(/:.*/, "")
