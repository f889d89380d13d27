import type { StoredTensor, TensorDescription } from "./stored-tensor.ts"

/** How the tensors of a checkpoint are kept. */
export type CheckpointFormat = "safetensors" | "torch" | "torch-legacy" | "torchscript" | "sharded"

/** An open checkpoint of any format, of which one tensor at a time is in memory. */
export interface CheckpointFile extends AsyncDisposable {
  readonly format: CheckpointFormat
  /** Texts that the file carries beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>
  /** The names of the tensors. Those of nested dictionaries are joined by dots: `state_dict.visual.proj`. */
  readonly names: () => ReadonlyArray<string>
  /** Type and shape of a tensor. Throws CheckpointError when there is none of that name. */
  readonly entry: (name: string) => TensorDescription
  readonly read: (name: string) => Promise<StoredTensor>
}
