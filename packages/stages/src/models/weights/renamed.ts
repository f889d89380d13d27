import { CheckpointError, type CheckpointFile } from "../../formats/index.ts"

/**
 * A view of a checkpoint by other names. Closing it closes the checkpoint.
 *
 * @param rename the name in the view; undefined for what is left out
 * @throws CheckpointError when two tensors would have one name
 */
export const renamed = (
  file: CheckpointFile,
  rename: (name: string) => string | undefined,
): CheckpointFile => {
  const originals = new Map<string, string>()
  for (const original of file.names()) {
    const name = rename(original)
    if (name === undefined) continue
    const other = originals.get(name)
    if (other !== undefined)
      throw new CheckpointError(`its tensors ${other} and ${original} are both ${name}`)
    originals.set(name, original)
  }
  const original = (name: string): string => originals.get(name) ?? name
  return {
    format: file.format,
    metadata: file.metadata,
    names: () => [...originals.keys()],
    entry: (name) => file.entry(original(name)),
    read: (name) => file.read(original(name)),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}
