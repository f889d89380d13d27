import {
  CheckpointError,
  type CheckpointFile,
  type StoredTensor,
  type TensorDescription,
} from "../../formats/index.ts"
import { otherKind } from "../weights/index.ts"
import { type Conversion, convertRows, type NamedTensors } from "./convert-rows.ts"
import { correspondencesOf, type FoundNaming, findNamings } from "./key-names.ts"

/** A CLIP checkpoint of any naming, seen by open_clip's names. */
export interface NamedCheckpoint extends CheckpointFile, FoundNaming {
  /** A name of open_clip's with those that it has in the file's own naming, for messages. */
  readonly told: (name: string) => string
}

/**
 * A view of a checkpoint by open_clip's names, of whatever naming it is: OpenAI's, open_clip's or Hugging Face's, as a
 * plain state dict or as training code has wrapped it. Names that correspond to nothing stay as they are. Closing the
 * view closes the checkpoint.
 *
 * @throws CheckpointError when there is no CLIP in it, more than one, or a tensor of which a part is missing
 */
export const withOpenClipNames = (file: CheckpointFile): NamedCheckpoint => {
  const namings = findNamings(file.names())
  const [found] = namings
  if (found === undefined) {
    const other = otherKind(file.names(), "clip")
    throw new CheckpointError(
      other === undefined
        ? `it holds no CLIP: none of its ${file.names().length} tensors is named as OpenAI, open_clip or Hugging Face do`
        : `it holds no CLIP, but ${other}`,
    )
  }
  if (namings.length > 1) {
    const prefixes = namings.map(({ prefix }) => JSON.stringify(prefix))
    throw new CheckpointError(`it holds ${namings.length} CLIPs, under ${prefixes.join(" and ")}`)
  }
  const inner = withoutPrefix(file, found.prefix)
  if (found.naming === "open_clip") return view(file, found, inner, new Map())
  return view(file, found, inner, conversionsFrom(inner, file, found.prefix))
}

/** The names in the checkpoint, by those without prefix. */
const withoutPrefix = (file: CheckpointFile, prefix: string): ReadonlyMap<string, string> =>
  new Map(
    file
      .names()
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), name]),
  )

const conversionsFrom = (
  inner: ReadonlyMap<string, string>,
  file: CheckpointFile,
  prefix: string,
): ReadonlyMap<string, Conversion> => {
  const source: NamedTensors = {
    has: (name) => inner.has(name),
    shape: (name) => file.entry(prefix + name).shape,
    read: async (name) => (await file.read(prefix + name)).data,
  }
  const conversions = new Map<string, Conversion>()
  for (const correspondence of correspondencesOf([...inner.keys()])) {
    for (const [name] of correspondence.openClip) {
      const conversion = convertRows(name, "open_clip", correspondence, source)
      if (conversion !== undefined) conversions.set(name, conversion)
    }
  }
  return conversions
}

const view = (
  file: CheckpointFile,
  found: FoundNaming,
  inner: ReadonlyMap<string, string>,
  conversions: ReadonlyMap<string, Conversion>,
): NamedCheckpoint => {
  const converted = new Set([...conversions.values()].flatMap(({ sources }) => sources))
  const kept = [...inner.keys()].filter((name) => !converted.has(name) && !/(^|\.)position_ids$/.test(name))
  const original = (name: string): string => inner.get(name) ?? name
  const entry = (name: string): TensorDescription => {
    const conversion = conversions.get(name)
    if (conversion === undefined) return file.entry(original(name))
    return { dtype: file.entry(original(conversion.sources[0] ?? name)).dtype, shape: conversion.shape }
  }
  const read = async (name: string): Promise<StoredTensor> => {
    const conversion = conversions.get(name)
    if (conversion === undefined) return await file.read(original(name))
    return { ...entry(name), data: await conversion.read() }
  }
  const correspondences = found.naming === "open_clip" ? [] : correspondencesOf([...inner.keys()])
  const told = (name: string): string => {
    const match = correspondences.find(({ openClip }) => openClip.some(([ours]) => ours === name))
    return match === undefined ? name : `${name} (${match.huggingFace.map(([theirs]) => theirs).join(", ")})`
  }
  return {
    ...found,
    told,
    format: file.format,
    metadata: file.metadata,
    names: () => [...conversions.keys(), ...kept],
    entry,
    read,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}
