import * as tf from "@tensorflow/tfjs-core"

/** A value and its gradient with respect to each of the tensors asked for, in their order. */
export interface ValueAndGradients<Value extends tf.Tensor> {
  readonly value: Value
  readonly gradients: ReadonlyArray<tf.Tensor>
}

type Tape = ReturnType<typeof tf.engine>["state"]["activeTape"]
type TapeNode = Tape[number]

/**
 * A value and its gradients, as `tf.grads` gives them, in less memory: TensorFlow.js keeps everything that was saved for
 * the gradient, and every gradient on the way, until the last is known; here each is released after its last use. It may be
 * called inside the gradient of an operation, which `tf.grads` may not.
 *
 * @param compute makes the value, and may dispose of what it makes on the way
 * @param wanted what the gradient is taken with respect to; zeros for what the value does not depend on
 * @param given the gradient of something with respect to the value, of its shape; ones when absent
 */
export const valueAndGradients = <Value extends tf.Tensor>(
  compute: () => Value,
  wanted: ReadonlyArray<tf.Tensor>,
  given?: tf.Tensor,
): ValueAndGradients<Value> => {
  const { value, tape } = recorded(compute)
  const path = pathOf(tape, wanted, value)
  const gradients = new Map([
    [value.id, given === undefined ? tf.onesLike<tf.Tensor>(value) : tf.clone(given)],
  ])
  const lasting = new Set(wanted.map(({ id }) => id))
  try {
    for (const node of tape) if (!path.has(node)) tf.dispose(node.saved ?? [])
    for (const [node, names] of [...path].reverse()) passBack(node, names, gradients, lasting)
  } finally {
    for (const node of path.keys()) tf.dispose(node.saved ?? [])
  }
  if (!lasting.has(value.id)) gradients.get(value.id)?.dispose()
  return { value, gradients: wanted.map((tensor) => gradients.get(tensor.id) ?? tf.zerosLike(tensor)) }
}

/** Computes with a tape of its own, whatever TensorFlow.js is about at the moment. */
const recorded = <Value extends tf.Tensor>(
  compute: () => Value,
): { readonly value: Value; readonly tape: Tape } => {
  const { state } = tf.engine()
  const { activeTape, gradientDepth, kernelDepth } = state
  const tape: Tape = []
  Object.assign(state, { activeTape: tape, gradientDepth: 1, kernelDepth: 0 })
  try {
    return { value: tf.tidy(compute), tape }
  } catch (error) {
    for (const node of tape) tf.dispose(node.saved ?? [])
    throw error
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth })
  }
}

/** The nodes that lead from what is wanted to the value, in their order, with the names of the inputs on that way. */
const pathOf = (
  tape: Tape,
  wanted: ReadonlyArray<tf.Tensor>,
  value: tf.Tensor,
): ReadonlyMap<TapeNode, ReadonlyArray<string>> => {
  const dependent = new Set(wanted.map(({ id }) => id))
  const inputsOnWay = new Map<TapeNode, ReadonlyArray<string>>()
  for (const node of tape) {
    const names = Object.entries(node.inputs).flatMap(([name, { id }]) => (dependent.has(id) ? [name] : []))
    if (names.length === 0) continue
    inputsOnWay.set(node, names)
    for (const { id } of node.outputs) dependent.add(id)
  }
  const leading = new Set([value.id])
  const path = [...inputsOnWay].reverse().filter(([node]) => {
    if (!node.outputs.some(({ id }) => leading.has(id))) return false
    for (const { id } of Object.values(node.inputs)) leading.add(id)
    return true
  })
  return new Map(path.reverse())
}

/** From the gradients of a node's outputs to those of its inputs; then nothing of the node is needed any more. */
const passBack = (
  node: TapeNode,
  names: ReadonlyArray<string>,
  gradients: Map<number, tf.Tensor>,
  lasting: ReadonlySet<number>,
): void => {
  const ofInputs = tf.tidy(() => inputGradients(node, names, gradients))
  names.forEach((name, index) => {
    const [id, gradient] = [node.inputs[name]?.id, ofInputs[index]]
    if (id === undefined || gradient === undefined) return
    const before = gradients.get(id)
    gradients.set(id, before === undefined ? gradient : tf.add(before, gradient))
    if (before !== undefined) tf.dispose([before, gradient])
  })
  for (const { id } of node.outputs) {
    if (lasting.has(id)) continue
    gradients.get(id)?.dispose()
    gradients.delete(id)
  }
  tf.dispose(node.saved ?? [])
}

const inputGradients = (
  node: TapeNode,
  names: ReadonlyArray<string>,
  gradients: ReadonlyMap<number, tf.Tensor>,
): Array<tf.Tensor> => {
  if (node.gradient === undefined) throw new Error(`TensorFlow.js knows no gradient of ${node.kernelName}`)
  const ofOutputs = node.outputs.map((output) => gradients.get(output.id) ?? tf.zeros(output.shape))
  const byName = node.gradient(ofOutputs)
  return names.map((name) => {
    const gradient = byName[name]?.()
    if (gradient === undefined) throw new Error(`${node.kernelName} has no gradient of its input "${name}"`)
    // The outputs' gradients are disposed of afterwards; one that is passed on needs a life of its own.
    return ofOutputs.includes(gradient) ? tf.clone(gradient) : gradient
  })
}
