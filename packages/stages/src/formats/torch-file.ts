import { CheckpointError } from "./checkpoint-error.ts"
import type { CheckpointFile, CheckpointFormat } from "./checkpoint-file.ts"
import { DTYPE_BYTES } from "./safetensors-header.ts"
import { decodeTensor, type StoredTensor } from "./stored-tensor.ts"
import { gather, type TorchStorage, type TorchTensor } from "./torch-tensor.ts"

/** Where the storages of a torch checkpoint are. */
export interface TorchStorages extends AsyncDisposable {
  /** That part of a storage, at offset 0 of a buffer of its own. */
  readonly readPart: (
    storage: TorchStorage,
    begin: number,
    length: number,
  ) => Promise<Uint8Array<ArrayBuffer>>
}

/** An open torch checkpoint of any container. */
export class TorchFile implements CheckpointFile {
  readonly format: CheckpointFormat
  readonly metadata = {}
  readonly #tensors: ReadonlyMap<string, TorchTensor>
  readonly #storages: TorchStorages

  constructor(format: CheckpointFormat, tensors: ReadonlyMap<string, TorchTensor>, storages: TorchStorages) {
    this.format = format
    this.#tensors = tensors
    this.#storages = storages
  }

  /** In the order of the pickle. */
  names(): ReadonlyArray<string> {
    return [...this.#tensors.keys()]
  }

  entry(name: string): TorchTensor {
    const tensor = this.#tensors.get(name)
    if (tensor === undefined) throw new CheckpointError(`there is no tensor named "${name}"`)
    return tensor
  }

  async read(name: string): Promise<StoredTensor> {
    const tensor = this.entry(name)
    const { dtype, shape, storage, offset, span } = tensor
    const width = DTYPE_BYTES[dtype]
    const bytes = await this.#storages.readPart(storage, offset * width, span * width)
    return { dtype, shape, data: decodeTensor(dtype, gather(tensor, bytes)) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storages[Symbol.asyncDispose]()
  }
}
