import { CheckpointError } from "./checkpoint-error.ts"
import { PickleDict, PickleList, PickleObject, PickleTuple, type PickleValue } from "./pickle-values.ts"
import { DTYPE_BYTES } from "./safetensors-header.ts"
import { TorchTensor } from "./torch-tensor.ts"

const DEEPEST = 64
/** Values that are looked at: shared ones count each time, so that a small pickle can't unfold without end. */
const MOST_VALUES = 2_000_000
/** Tied weights and views name the same bytes a few times, not many. */
const MOST_USES = 16

/**
 * The tensors of what a checkpoint's pickle describes, by their paths: keys of dictionaries, places in lists and
 * attributes of scripted modules, joined by dots. All that is no tensor is left out.
 *
 * @param bytes of the file
 */
export const tensorsOf = (value: PickleValue, bytes: number): ReadonlyMap<string, TorchTensor> => {
  const tensors = new Map<string, TorchTensor>()
  let seen = 0
  let claimed = 0
  const visit = (found: PickleValue, path: string, depth: number): void => {
    if (++seen > MOST_VALUES || depth > DEEPEST) throw new CheckpointError("its pickle is nested without end")
    if (found instanceof TorchTensor) {
      if (tensors.has(path)) throw new CheckpointError(`it has two tensors named "${path}"`)
      tensors.set(path, found)
      claimed += found.elements * DTYPE_BYTES[found.dtype]
      if (claimed > MOST_USES * bytes)
        throw new CheckpointError("its tensors are many times as large as the file")
      return
    }
    for (const [key, inner] of membersOf(found)) visit(inner, path === "" ? key : `${path}.${key}`, depth + 1)
  }
  visit(value, "", 0)
  return tensors
}

function* membersOf(value: PickleValue): Generator<readonly [string, PickleValue]> {
  if (value instanceof PickleDict) {
    for (const [key, inner] of value.entries) {
      if (typeof key === "string" || typeof key === "number") yield [String(key), inner]
    }
  } else if (value instanceof PickleList || value instanceof PickleTuple) {
    for (const [index, inner] of value.items.entries()) yield [String(index), inner]
  } else if (value instanceof PickleObject) yield* membersOf(value.state)
}
