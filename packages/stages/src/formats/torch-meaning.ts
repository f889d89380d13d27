import { CheckpointError } from "./checkpoint-error.ts"
import type { PickleMeaning } from "./pickle-reader.ts"
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.ts"
import { DTYPE_BYTES, type Dtype } from "./safetensors-header.ts"
import { TorchStorage, TorchTensor } from "./torch-tensor.ts"

type Arguments = ReadonlyArray<PickleValue>
type Call = (...args: Arguments) => PickleValue

const STORAGES: ReadonlyMap<string, Dtype> = new Map([
  ["FloatStorage", "F32"],
  ["DoubleStorage", "F64"],
  ["HalfStorage", "F16"],
  ["BFloat16Storage", "BF16"],
  ["LongStorage", "I64"],
  ["IntStorage", "I32"],
  ["ShortStorage", "I16"],
  ["CharStorage", "I8"],
  ["ByteStorage", "U8"],
  ["BoolStorage", "BOOL"],
])

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ["float32", "F32"],
  ["float64", "F64"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["int64", "I64"],
  ["int32", "I32"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint8", "U8"],
  ["uint16", "U16"],
  ["uint32", "U32"],
  ["uint64", "U64"],
  ["bool", "BOOL"],
])

const wrong = (what: string): CheckpointError => new CheckpointError(`its pickle describes ${what} wrongly`)

const size = (value: PickleValue | undefined): number => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw wrong("a tensor")
  return value
}

const sizes = (value: PickleValue | undefined): ReadonlyArray<number> => {
  if (!(value instanceof PickleTuple)) throw wrong("a tensor")
  return value.items.map(size)
}

const rebuildTensor: Call = (storage, offset, shape, strides) => {
  if (!(storage instanceof TorchStorage) || storage.dtype === undefined) throw wrong("a tensor")
  return new TorchTensor(storage, storage.dtype, size(offset), sizes(shape), sizes(strides))
}

/** Of a storage of bytes, with the type beside it. */
const rebuildTypedTensor: Call = (storage, offset, shape, strides, _grad, _hooks, dtype) => {
  const type = dtype instanceof PickleGlobal ? DTYPES.get(dtype.name) : undefined
  if (!(storage instanceof TorchStorage) || type === undefined) throw wrong("a tensor")
  return new TorchTensor(storage, type, size(offset), sizes(shape), sizes(strides))
}

const first: Call = (value = null) => value

/** A tensor of a class of its own, such as Parameter: a function of this list, and what it is called with. */
const rebuildFromType: Call = (callable = null, _type, args) => {
  const isItself = callable instanceof PickleGlobal && callable.name === "_rebuild_from_type_v2"
  if (!(args instanceof PickleTuple) || isItself) throw wrong("a tensor")
  return callListed(callable, args.items)
}

/** From pairs, which Python 2 wrote as lists. */
const makeDict: Call = (pairs) => {
  const dict = new PickleDict()
  if (!(pairs instanceof PickleList)) return dict
  for (const pair of pairs.items) {
    if (!(pair instanceof PickleList) && !(pair instanceof PickleTuple)) throw wrong("a dict")
    dict.entries.set(pair.items[0] ?? null, pair.items[1] ?? null)
  }
  return dict
}

const makeSet: Call = () => new PickleSet()

/** How Python 3 writes bytes in protocol 2. */
const encode: Call = (text) => {
  if (typeof text !== "string") throw wrong("bytes")
  return Uint8Array.from(Buffer.from(text, "latin1"))
}

const opaque =
  (module: string, name: string): Call =>
  () =>
    new PickleObject(new PickleGlobal(module, name))

/** All that a checkpoint may call, and what it means here. */
const CALLS: ReadonlyMap<string, Call> = new Map([
  ["collections.OrderedDict", makeDict],
  ["builtins.set", makeSet],
  ["__builtin__.set", makeSet],
  ["_codecs.encode", encode],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTypedTensor],
  ["torch._utils._rebuild_parameter", first],
  ["torch._utils._rebuild_parameter_with_state", first],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.Size", first],
  ["torch.device", opaque("torch", "device")],
  ["torch.jit._pickle.build_intlist", first],
  ["torch.jit._pickle.build_doublelist", first],
  ["torch.jit._pickle.build_boollist", first],
  ["torch.jit._pickle.build_tensorlist", first],
  ["torch.jit._pickle.restore_type_tag", first],
  ["numpy.dtype", opaque("numpy", "dtype")],
  ["numpy.core.multiarray.scalar", opaque("numpy", "scalar")],
  ["numpy._core.multiarray.scalar", opaque("numpy", "scalar")],
])

/** Types that are named and not called. */
const TYPES = new Set([
  "torch.Tensor",
  "torch.nn.parameter.Parameter",
  "torch.storage.UntypedStorage",
  ...[...DTYPES.keys()].map((name) => `torch.${name}`),
  ...[...STORAGES.keys()].flatMap((name) => [`torch.${name}`, `torch.cuda.${name}`]),
])

/** Classes of a TorchScript archive are names of its own code, which is never read. */
const SCRIPT = /^__torch__(\.|$)/

const callListed = (callable: PickleValue, args: Arguments): PickleValue => {
  const name = callable instanceof PickleGlobal ? callable.toString() : "what is no name"
  const call = CALLS.get(name)
  if (call !== undefined) return call(...args.slice(0, 8))
  if (callable instanceof PickleGlobal && SCRIPT.test(callable.module)) return new PickleObject(callable)
  throw new CheckpointError(`its pickle calls ${name}, which no tensor needs; nothing was executed`)
}

/** A storage as a pickle names it: ("storage", type, key, device, elements), and in old files what part of another it is. */
const storageOf = (id: PickleValue): TorchStorage => {
  const [tag, type, key, , elements, part = null] = id instanceof PickleTuple ? id.items : []
  if (tag !== "storage" || !(type instanceof PickleGlobal) || typeof key !== "string")
    throw wrong("a storage")
  if (part !== null) {
    throw new CheckpointError(
      "its storages are parts of one another, as files of 2017 have them: save it again with a later torch",
    )
  }
  const dtype = STORAGES.get(type.name)
  const bytes = size(elements) * (dtype === undefined ? 1 : DTYPE_BYTES[dtype])
  if (!Number.isSafeInteger(bytes)) throw wrong("a storage")
  return new TorchStorage(key, dtype, bytes)
}

/** Gives the names of a torch checkpoint their meaning, and keeps the storages that it speaks of. */
export class TorchMeaning implements PickleMeaning {
  /** By key. */
  readonly storages = new Map<string, TorchStorage>()
  readonly #isScript: boolean

  constructor(isScript: boolean) {
    this.#isScript = isScript
  }

  readonly find = (module: string, name: string): PickleValue => {
    const found = new PickleGlobal(module, name)
    const full = found.toString()
    if (CALLS.has(full) || TYPES.has(full) || (this.#isScript && SCRIPT.test(module))) return found
    throw new CheckpointError(
      `its pickle asks for ${JSON.stringify(full).slice(1, -1)}, which no tensor needs; nothing was executed`,
    )
  }

  readonly call = callListed

  readonly persistent = (id: PickleValue): PickleValue => {
    const storage = storageOf(id)
    const known = this.storages.get(storage.key)
    if (known === undefined) {
      this.storages.set(storage.key, storage)
      return storage
    }
    if (known.dtype !== storage.dtype || known.bytes !== storage.bytes) {
      throw new CheckpointError(`its pickle speaks of two different storages named ${storage.key}`)
    }
    return known
  }
}
