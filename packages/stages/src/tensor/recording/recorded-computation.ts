import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { isNodeBackend, type NodeBackend } from "../node-backend.ts"
import { type Recording, record } from "./record.ts"
import { savedModel, TAG } from "./saved-model.ts"

/**
 * A computation that is done over and over with other numbers. At the first time its operations are recorded, after that
 * TensorFlow runs them as one graph: nothing of JavaScript between them, what doesn't depend on each other side by side,
 * each tensor released after its last use. The first result is the graph's, too, so that a process which starts later
 * gets the same bytes.
 *
 * Where there are no graphs (WebAssembly, and a graphics processor, on which every weight would be copied at every run),
 * the computation runs as it is written.
 */
export class RecordedComputation {
  readonly #compiled = new Map<string, CompiledGraph>()

  /**
   * @param inputs all that changes between two runs of the same key; of others the computation may read only what
   *   stays as it is and where it is
   * @param key what else decides which operations there are
   * @param compute reads `inputs`, and makes tensors of the results
   * @returns what `compute` gives; the caller disposes of it
   */
  run(
    key: string,
    inputs: ReadonlyArray<tf.Tensor>,
    compute: () => ReadonlyArray<tf.Tensor>,
  ): ReadonlyArray<tf.Tensor> {
    const backend = graphBackend()
    if (backend === undefined) return compute()
    const whole = [key, ...inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`)].join(" ")
    const compiled = this.#compiled.get(whole) ?? new CompiledGraph(backend, record(backend, inputs, compute))
    this.#compiled.set(whole, compiled)
    return compiled.run(inputs)
  }

  /** Releases the graphs. */
  dispose(): void {
    for (const graph of this.#compiled.values()) graph.dispose()
    this.#compiled.clear()
  }
}

const graphBackend = (): NodeBackend | undefined => {
  const backend: tf.KernelBackend = tf.backend()
  return isNodeBackend(backend) && !backend.isUsingGpuDevice ? backend : undefined
}

/** A graph that TensorFlow has taken over. */
class CompiledGraph {
  readonly #backend: NodeBackend
  readonly #session: number
  readonly #captured: ReadonlyArray<number>
  readonly #inputNames: string
  readonly #outputNames: string

  constructor(backend: NodeBackend, { graph, outputs, captured }: Recording) {
    this.#backend = backend
    this.#captured = [...captured.values()]
    this.#inputNames = graph.placeholders.map(({ name }) => `${name}:0`).join()
    this.#outputNames = Array.from({ length: outputs }, (_, index) => `o${index}:0`).join()
    this.#session = load(backend, savedModel(graph))
  }

  run(inputs: ReadonlyArray<tf.Tensor>): ReadonlyArray<tf.Tensor> {
    const ids = [...this.#backend.getInputTensorIds(inputs), ...this.#captured]
    const held = this.#backend.binding.runSavedModel(this.#session, ids, this.#inputNames, this.#outputNames)
    return held.map((one) => this.#backend.createOutputTensor(one))
  }

  dispose(): void {
    this.#backend.binding.deleteSavedModel(this.#session)
  }
}

/** The binding takes graphs from files alone. */
const load = (backend: NodeBackend, model: Uint8Array): number => {
  const folder = mkdtempSync(join(tmpdir(), "diva-graph-"))
  try {
    writeFileSync(join(folder, "saved_model.pb"), model)
    return backend.binding.loadSavedModel(folder, TAG)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
